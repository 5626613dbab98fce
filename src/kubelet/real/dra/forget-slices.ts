import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import { type Clock, sleep } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import type { Client } from "../../../client/client.ts"

export interface ForgetSlicesOptions {
  readonly client: Client
  readonly nodeName: string
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

const firstRetryMs = 1000
const maxRetryMs = 5 * 60_000

/**
 * Takes away what drivers offer on this node, of all of them or of one: pods would come here and wait for a driver that is not
 * there. Whoever comes back offers it anew. Tries until it is done.
 */
export async function forgetSlices(options: ForgetSlicesOptions, driver?: string): Promise<void> {
  const { client, nodeName, clock, log, signal } = options
  const fieldSelector = `spec.nodeName=${nodeName}${driver === undefined ? "" : `,spec.driver=${driver}`}`
  for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, maxRetryMs)) {
    try {
      return await client.deleteCollection(ResourceSlice, { fieldSelector })
    } catch (error) {
      log.debug("what drivers offer is not taken away, trying again", { fieldSelector, error })
      await sleep(clock, waitMs, signal)
    }
  }
}
