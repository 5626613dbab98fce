import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { canonicalJson } from "../../apimachinery/hash.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { Pod, type PodStatus } from "../../api/core/v1/pod.ts"
import type { Client } from "../../client/client.ts"
import { kubeletConditions } from "./pod-conditions.ts"

export interface StatusWriterOptions {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

interface Pending {
  wanted: { pod: Pod; status: PodStatus } | undefined
  /** What the server has of ours, as far as we know. */
  written: PodStatus | undefined
  writing: Promise<void>
  busy: boolean
}

const retryMs = 1000

/**
 * Tells the API server how pods are, as soon as it changes and no more often: while one write is under way, only the newest
 * status waits for its turn. A write carries the parts that differ and the pod's uid, so that it never lands on a pod of the
 * same name that came later.
 */
export class StatusWriter {
  readonly #options: StatusWriterOptions
  readonly #pods = new Map<string, Pending>()

  constructor(options: StatusWriterOptions) {
    this.#options = options
  }

  /** `pod` is as the API last showed it. Never waits. */
  set(pod: Pod, status: PodStatus): void {
    const pending = this.#pending(pod.metadata.uid)
    pending.wanted = { pod, status }
    if (!pending.busy) this.#write(pending)
  }

  /** Resolves when everything set so far for the pod has been told, or cannot be told any more. */
  async flushed(podUid: string): Promise<void> {
    await this.#pods.get(podUid)?.writing
  }

  /** What was last told of the pod. */
  findWritten(podUid: string): PodStatus | undefined {
    return this.#pods.get(podUid)?.written
  }

  forget(podUid: string): void {
    this.#pods.delete(podUid)
  }

  #pending(podUid: string): Pending {
    let pending = this.#pods.get(podUid)
    if (!pending) {
      pending = { wanted: undefined, written: undefined, writing: Promise.resolve(), busy: false }
      this.#pods.set(podUid, pending)
    }
    return pending
  }

  #write(pending: Pending): void {
    pending.busy = true
    pending.writing = this.#writeAll(pending).finally(() => {
      pending.busy = false
    })
  }

  async #writeAll(pending: Pending): Promise<void> {
    const { clock, log, signal } = this.#options
    // Several things often change in the same moment: they are told together.
    await new Promise<void>((resolve) => clock.soon(resolve))
    while (pending.wanted && !signal.aborted) {
      const { pod, status } = pending.wanted
      pending.wanted = undefined
      const patch = statusPatch(pending.written ?? pod.status, status)
      if (!patch) {
        pending.written = status
        continue
      }
      try {
        await this.#patch(pod, patch)
        pending.written = status
      } catch (error) {
        // Gone, or another pod of that name: nobody is left to be told.
        if (isStatusError(error, "NotFound", "Conflict", "Invalid")) {
          log.debug("pod status not wanted", { pod: pod.metadata.name, error })
          return
        }
        log.warn("pod status not written, trying again", { pod: pod.metadata.name, error })
        pending.wanted ??= { pod, status }
        await sleep(clock, retryMs, signal)
      }
    }
  }

  async #patch({ metadata }: Pod, status: object): Promise<void> {
    const { name, namespace = "", uid } = metadata
    const body = { metadata: { uid }, status }
    const patch = { type: "strategic", body } as const
    await this.#options.client.patch(Pod, { namespace, name }, patch, { subresource: "status" })
  }
}

/**
 * The parts of a status that changed, as a strategic merge patch; undefined if none did. Conditions are merged by type,
 * so that those of others stay; fields that are gone are set to null.
 */
export function statusPatch(before: PodStatus, after: PodStatus): object | undefined {
  const patch: Record<string, unknown> = {}
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof PodStatus>
  for (const field of fields) {
    if (field === "conditions" || fieldsOfOthers.has(field)) continue
    if (canonicalJson(before[field]) !== canonicalJson(after[field])) patch[field] = after[field] ?? null
  }
  const conditions = (after.conditions ?? []).flatMap((condition) => {
    const known = before.conditions?.find(({ type }) => type === condition.type)
    if (canonicalJson(known) === canonicalJson(condition)) return []
    // Merged field by field: what it no longer says must be taken away.
    return [
      { ...(known?.reason && { reason: null }), ...(known?.message && { message: null }), ...condition },
    ]
  })
  const gone = (before.conditions ?? []).filter(
    ({ type }) => kubeletConditions.includes(type) && !after.conditions?.some((each) => each.type === type),
  )
  const removed = gone.map(({ type }) => ({ type, $patch: "delete" }))
  // A disruption that somebody else announced stays announced.
  const changes = [...conditions, ...removed.filter(({ type }) => type !== "DisruptionTarget")]
  if (changes.length > 0) patch["conditions"] = changes
  // Addresses are merged by ip: without this, old ones would stay beside the new ones.
  for (const field of ["podIPs", "hostIPs"] as const)
    if (patch[field]) patch[field] = [...(patch[field] as object[]), { $patch: "replace" }]
  // So would resources that are asked for no longer. Where there were none, a directive would take the new ones away.
  for (const field of ["allocatedResources", "resources"] as const)
    if (patch[field] && before[field]) patch[field] = { ...patch[field], $patch: "replace" }
  return Object.keys(patch).length === 0 ? undefined : patch
}

const fieldsOfOthers: ReadonlySet<keyof PodStatus> = new Set([
  "nominatedNodeName",
  "resize",
  "resourceClaimStatuses",
  "extendedResourceClaimStatus",
  "nodeAllocatableResourceClaimStatuses",
])
