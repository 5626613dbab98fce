import { ignoreNotFound } from "../../../apimachinery/status-error.ts"
import { formatTime } from "../../../apimachinery/time.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import type { Client } from "../../../client/client.ts"
import { type AnyClusterPolicy, clusterPolicyResources, type PolicyCondition } from "./resources.ts"

interface Enforced {
  readonly policy: AnyClusterPolicy
  /** False: something in it is unknown here and was taken in the safe way. */
  readonly isWhole: boolean
}

/**
 * Tells in the status of each cluster-wide policy that it holds on this node: a condition "Ready-In-Zone-NODE", as other
 * implementations have it, applied by a field manager of the node's own so that nodes do not meet. Written once for each
 * generation of a policy.
 */
export class PolicyReporter {
  readonly #options: { client: Client; nodeName: string; clock: Clock; log: Logger }
  readonly #policies = new Map<string, Enforced>()
  readonly #untold = new Set<string>()

  constructor(options: { client: Client; nodeName: string; clock: Clock; log: Logger }) {
    this.#options = options
  }

  /** True when this generation of it, with these annotations, was set before. */
  knows(id: string, { metadata }: AnyClusterPolicy): boolean {
    const known = this.#policies.get(id)?.policy.metadata
    return (
      known?.uid === metadata.uid &&
      known.generation === metadata.generation &&
      JSON.stringify(known.annotations) === JSON.stringify(metadata.annotations)
    )
  }

  set(id: string, enforced: Enforced | undefined): void {
    if (enforced) {
      this.#policies.set(id, enforced)
      this.#untold.add(id)
    } else {
      this.#policies.delete(id)
      this.#untold.delete(id)
    }
  }

  /** Call it when the kernel has what was set. A failure is only logged: the policies hold all the same. */
  async report(): Promise<void> {
    const ids = Array.from(this.#untold)
    this.#untold.clear()
    for (const id of ids) {
      const enforced = this.#policies.get(id)
      if (enforced) await this.#tell(id, enforced)
    }
  }

  async #tell(id: string, enforced: Enforced): Promise<void> {
    const { client, nodeName, clock, log } = this.#options
    const [kind = "", name = ""] = id.split("/")
    const resource = clusterPolicyResources.find((each) => each.kind === kind)!
    const condition = this.#condition(enforced, formatTime(clock.now()))
    const told = enforced.policy.status?.conditions?.find(({ type }) => type === condition.type)
    if (told && isSame(told, condition)) return
    const body = {
      apiVersion: `${resource.group}/${resource.version}`,
      kind,
      metadata: { name },
      status: { conditions: [condition] },
    }
    await client
      .patch(
        resource,
        { name },
        { type: "apply", body, force: true },
        { fieldManager: `network-policies-${nodeName}`, subresource: "status" },
      )
      .catch(ignoreNotFound)
      .catch((error: unknown) => log.warn("cannot tell that a policy holds", { policy: id, error }))
  }

  #condition({ policy, isWhole }: Enforced, now: string): PolicyCondition {
    return {
      type: `Ready-In-Zone-${this.#options.nodeName}`,
      status: isWhole ? "True" : "False",
      reason: isWhole ? "Enforced" : "UnknownField",
      message: isWhole
        ? "The policy is enforced on this node"
        : "A part of the policy is unknown here: its rule accepts nothing, or denies everything",
      observedGeneration: policy.metadata.generation ?? 0,
      lastTransitionTime: now,
    }
  }
}

function isSame(told: PolicyCondition, condition: PolicyCondition): boolean {
  return (
    told.status === condition.status &&
    told.reason === condition.reason &&
    told.observedGeneration === condition.observedGeneration
  )
}
