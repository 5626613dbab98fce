import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { formatMicroTime } from "../../apimachinery/time.ts"
import { Lease } from "../../api/coordination/v1/lease.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { Client } from "../../client/client.ts"

export interface NodeLeaseOptions {
  readonly nodeName: string
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  /** Owns the lease, so that it goes with it; undefined until the node is registered: until then there is no lease. */
  readonly node: () => Node | undefined
  readonly signal: AbortSignal
  /** How long it is believed without being renewed. */
  readonly durationSeconds: number
  /** @default a quarter of that */
  readonly renewMs?: number
}

const namespace = "kube-node-lease"
const retryMs = 1000
const registrationMs = 100

/** The node's sign of life: a small object renewed every 10 s, and so much cheaper than its status. */
export async function keepNodeLease(options: NodeLeaseOptions): Promise<void> {
  const { clock, signal, log, durationSeconds, renewMs = durationSeconds * 250 } = options
  let lease: Lease | undefined
  while (!signal.aborted) {
    const node = options.node()
    if (!node) {
      await sleep(clock, registrationMs, signal)
      continue
    }
    try {
      lease = await renew(options, node, lease)
      await sleep(clock, renewMs, signal)
    } catch (error) {
      if (signal.aborted) return
      // Somebody else wrote it, or it went: begin from what is there.
      lease = undefined
      if (!isStatusError(error, "Conflict", "NotFound", "AlreadyExists"))
        log.warn("node lease not renewed", { error })
      await sleep(clock, retryMs, signal)
    }
  }
}

async function renew(
  { client, nodeName, durationSeconds, clock }: NodeLeaseOptions,
  { metadata: { uid } }: Node,
  known: Lease | undefined,
): Promise<Lease> {
  const spec = {
    holderIdentity: nodeName,
    leaseDurationSeconds: durationSeconds,
    renewTime: formatMicroTime(clock.now()),
  }
  const ownerReferences = [{ apiVersion: "v1", kind: "Node", name: nodeName, uid }]
  const lease = known ?? (await client.get(Lease, { namespace, name: nodeName }).catch(absent))
  if (!lease) return client.create(Lease, { metadata: { namespace, name: nodeName, ownerReferences }, spec })
  // Somebody may have taken it away.
  const metadata = lease.metadata.ownerReferences?.length
    ? lease.metadata
    : { ...lease.metadata, ownerReferences }
  return client.update(Lease, { ...lease, metadata, spec: { ...lease.spec, ...spec } })
}

function absent(error: unknown): undefined {
  if (isStatusError(error, "NotFound")) return undefined
  throw error
}
