import { orAborted } from "../../../base/on-abort.ts"
import { type Clock, sleep } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import type { Client } from "../../../client/client.ts"
import type { KubeletMetrics } from "../../metrics/kubelet-metrics.ts"
import type { KubeletPaths } from "../kubelet-paths.ts"
import { ClaimManager } from "./claim-manager.ts"
import { DeviceHealth } from "./device-health.ts"
import { DraPlugins } from "./dra-plugins.ts"
import { forgetSlices } from "./forget-slices.ts"

export interface CreateClaimsOptions {
  readonly client: Client
  readonly nodeName: string
  readonly paths: KubeletPaths
  readonly clock: Clock
  readonly metrics: KubeletMetrics
  readonly log: Logger
  /** Uids of the pods that are here. */
  readonly podUids: () => ReadonlySet<string>
  /** The status of these pods is otherwise. */
  readonly tell: (podUids: readonly string[]) => void
  /** A driver has come: pods that wait for it may be tried again. */
  readonly registered: () => void
  /** Resolves when the API knows the node, and the kubelet all of its pods. */
  readonly ready: () => Promise<void>
  /** Aborts at the end of the process. */
  readonly signal: AbortSignal
}

export interface RealClaims {
  readonly claims: ClaimManager
  readonly plugins: DraPlugins
  /** Takes back what nobody needs any more, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>
}

const lookAgainMs = 60_000

/** Dynamic resource allocation on this machine, put together; what the kubelet before had in use is read. */
export async function createClaims(options: CreateClaimsOptions): Promise<RealClaims> {
  const { paths, clock, client, metrics, log } = options
  const health = new DeviceHealth(clock)
  const plugins = new DraPlugins({
    root: paths.root,
    clock,
    metrics,
    health,
    healthChanged: (driver) => options.tell(claims.podsOf(driver)),
    registered: options.registered,
    lost: (driver) => void forgetSlices(options, driver),
  })
  const claims: ClaimManager = new ClaimManager({
    client,
    plugins,
    health,
    checkpointPath: paths.claimState,
    metrics,
    clock,
    log,
  })
  await claims.start()
  return {
    claims,
    plugins,
    async run(signal) {
      await orAborted(options.ready(), signal)
      while (!signal.aborted) {
        await sleep(clock, lookAgainMs, signal)
        if (!signal.aborted) await claims.releaseOthers(options.podUids())
      }
      plugins.close()
    },
  }
}
