import type { Job } from "../../src/api/batch/v1/job.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import { controllerOf } from "../../src/apimachinery/meta.ts"
import { type Checker, nameOf } from "./checker.ts"

/** A Job counts each pod that ended once: never one that did not, never one twice, and none is lost. */
export function jobCounts(): Checker {
  /** By uid of the Job: uids of its pods that were seen to end so. */
  const succeeded = new Map<string, Set<string>>()
  /** Those of them that nobody had told to go before: these must be counted. */
  const undisturbed = new Map<string, Set<string>>()
  const ended = new Map<string, Set<string>>()
  const add = (to: Map<string, Set<string>>, job: string, pod: string) => {
    const known = to.get(job)
    if (known) known.add(pod)
    else to.set(job, new Set([pod]))
  }
  return {
    name: "job-counts",
    observe({ resource, current, previous }) {
      if (resource === "pods") {
        const pod = (current ?? previous) as Pod
        const owner = controllerOf(pod)
        if (owner?.kind !== "Job") return undefined
        if (pod.status.phase === "Succeeded") {
          add(succeeded, owner.uid, pod.metadata.uid)
          const wasGoing =
            (previous as Pod | undefined)?.metadata.deletionTimestamp ?? pod.metadata.deletionTimestamp
          if (!wasGoing) add(undisturbed, owner.uid, pod.metadata.uid)
        }
        // One that is deleted before it ends counts as failed.
        if (!current || pod.status.phase === "Failed" || pod.metadata.deletionTimestamp)
          add(ended, owner.uid, pod.metadata.uid)
        return undefined
      }
      if (resource !== "jobs" || !current) return undefined
      return check(current as Job, previous as Job | undefined, succeeded, ended)
    },
    atRest(objects) {
      for (const job of objects.list<Job>("jobs")) {
        if (!isComplete(job)) continue
        const counted = job.status.succeeded ?? 0
        if (counted !== job.spec.completions)
          return `${nameOf(job)} is complete with ${counted} of ${job.spec.completions}`
        const really = undisturbed.get(job.metadata.uid)?.size ?? 0
        if (job.spec.completionMode !== "Indexed" && really > counted)
          return `${nameOf(job)} counts ${counted} pods that succeeded, and ${really} did`
      }
      return undefined
    },
  }
}

function check(
  job: Job,
  previous: Job | undefined,
  succeeded: ReadonlyMap<string, ReadonlySet<string>>,
  ended: ReadonlyMap<string, ReadonlySet<string>>,
): string | undefined {
  const { uid } = job.metadata
  const counted = job.status.succeeded ?? 0
  const really = succeeded.get(uid)?.size ?? 0
  if (counted > really) return `${nameOf(job)} counts ${counted} pods that succeeded, and ${really} did`
  const failed = job.status.failed ?? 0
  const gone = ended.get(uid)?.size ?? 0
  if (failed > gone) return `${nameOf(job)} counts ${failed} pods that failed, and ${gone} did`
  if (previous?.metadata.uid === uid && counted < (previous.status.succeeded ?? 0))
    return `${nameOf(job)} counted ${previous.status.succeeded} pods that succeeded, and now ${counted}`
  return isComplete(job) && counted < (job.spec.completions ?? 0)
    ? `${nameOf(job)} is complete with ${counted} of ${job.spec.completions}`
    : undefined
}

function isComplete({ status }: Job): boolean {
  return (
    status.conditions?.some(({ type, status: value }) => type === "Complete" && value === "True") ?? false
  )
}
