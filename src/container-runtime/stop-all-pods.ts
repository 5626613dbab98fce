import { type Clock, sleep } from "../base/clock.ts"
import { settleAll } from "../base/settle-all.ts"
import type { RuntimeService } from "./cri.ts"
import { messageOf } from "../base/message-of.ts"

const tries = 4
const firstWaitMs = 250

/**
 * Stops every pod of a runtime: containers get `graceSeconds` to end, then sandboxes go with their network. What is left
 * is on disk only (dead containers and their logs), so that the next start finds its history.
 *
 * One that cannot be stopped does not keep the others, and is tried again, without grace, for a few seconds; then an error
 * says what could not be stopped.
 */
export async function stopAllPods(
  runtime: RuntimeService,
  { graceSeconds, clock }: { readonly graceSeconds: number; readonly clock: Clock },
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await stopOnce(runtime, attempt === 1 ? graceSeconds : 0)
    } catch (error) {
      if (attempt === tries) throw error
      await sleep(clock, firstWaitMs * 2 ** attempt)
    }
  }
}

/** A container that does not stop may yet go with its sandbox: that counts. */
async function stopOnce(runtime: RuntimeService, graceSeconds: number): Promise<void> {
  const running = await runtime.listContainers({ state: "CONTAINER_RUNNING" })
  const stops = await Promise.allSettled(running.map(({ id }) => runtime.stopContainer(id, graceSeconds)))
  // Those that are not ready may still hold a network: stopping again is free.
  const sandboxes = await runtime.listPodSandboxes()
  await settleAll(
    sandboxes.map(({ id, metadata: { namespace, name } }) =>
      runtime.stopPodSandbox(id).catch((error: unknown) => {
        throw new Error(`pod ${namespace}/${name} does not stop: ${messageOf(error)}`, { cause: error })
      }),
    ),
  )
  if (stops.every(({ status }) => status === "fulfilled")) return
  const left = await runtime.listContainers({ state: "CONTAINER_RUNNING" })
  if (left.length > 0)
    throw new Error(
      `containers do not stop: ${left.map(({ metadata, id }) => `${metadata.name} (${id})`).join(", ")}`,
    )
}
