import type { Job, JobStatus } from "../../api/batch/v1/job.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { Counter, exponentialBounds, Histogram, type Metric } from "../../base/metrics.ts"
import { isTerminal } from "../shared/pods.ts"
import { judgeFailure } from "./failure-policy.ts"
import { countIndexes, parseIndexes } from "./indexes.ts"
import { isIndexed, isTracked } from "./job-pods.ts"

/** What one look at a Job came to. */
export type SyncAction = "reconciling" | "tracking" | "pods_created" | "pods_deleted"

/** What the Job controller counts of itself, under upstream's names. */
export class JobMetrics {
  readonly #syncs = new Counter({
    name: "job_controller_job_syncs_total",
    help: "[STABLE] The number of job syncs",
    labels: ["completion_mode", "result", "action"],
  })
  readonly #durations = new Histogram(
    {
      name: "job_controller_job_sync_duration_seconds",
      help: "[STABLE] The time it took to sync a job",
      labels: ["completion_mode", "result", "action"],
    },
    exponentialBounds(0.004, 2, 15),
  )
  readonly #jobs = new Counter({
    name: "job_controller_jobs_finished_total",
    help: "[STABLE] The number of finished jobs",
    labels: ["completion_mode", "result", "reason"],
  })
  readonly #pods = new Counter({
    name: "job_controller_job_pods_finished_total",
    help: "[STABLE] The number of finished Pods that are fully tracked",
    labels: ["completion_mode", "result"],
  })
  readonly #judged = new Counter({
    name: "job_controller_pod_failures_handled_by_failure_policy_total",
    help: '[BETA] The number of failed Pods handled by failure policy with respect to the failure policy action applied based on the matched rule. Possible values of the action label correspond to the possible values for the failure policy rule action, which are: "FailJob", "Ignore" and "Count".',
    labels: ["action"],
  })
  readonly #tracked = new Counter({
    name: "job_controller_terminated_pods_tracking_finalizer_total",
    help: '[BETA] The number of terminated pods (phase=Failed|Succeeded) that have the finalizer batch.kubernetes.io/job-tracking. The event label can be "add" or "delete".',
    labels: ["event"],
  })
  readonly #indexes = new Counter({
    name: "job_controller_job_finished_indexes_total",
    help: '[ALPHA] The number of finished indexes. Possible values for the status label are: "succeeded", "failed". Possible values for the backoffLimit label are: "perIndex" and "global"',
    labels: ["status", "backoffLimit"],
  })
  readonly #creations = new Counter({
    name: "job_controller_job_pods_creation_total",
    help: '[ALPHA] The number of Pods created by the Job controller labelled with a reason for the Pod creation. This metric also distinguishes between Pods created using different PodReplacementPolicy settings. Possible values of the "reason" label are: "new", "recreate_terminating_or_failed", "recreate_failed". Possible values of the "status" label are: "succeeded", "failed".',
    labels: ["reason", "status"],
  })
  readonly #external = new Counter({
    name: "job_controller_jobs_by_external_controller_total",
    help: "[ALPHA] The number of Jobs managed by an external controller",
    labels: ["controller_name"],
  })

  get all(): readonly Metric[] {
    return [
      this.#syncs,
      this.#durations,
      this.#jobs,
      this.#pods,
      this.#judged,
      this.#tracked,
      this.#indexes,
      this.#creations,
      this.#external,
    ]
  }

  synced(job: Job, result: "success" | "error", action: SyncAction, tookMs: number): void {
    this.#syncs.add(1, modeOf(job), result, action)
    this.#durations.observe(tookMs / 1000, modeOf(job), result, action)
  }

  finished(job: Job, result: "succeeded" | "failed", reason: string): void {
    this.#jobs.add(1, modeOf(job), result, reason)
  }

  /** The pods and indexes that `after` counts and the Job's status did not. */
  counted(job: Job, after: JobStatus): void {
    const before = job.status
    let succeeded = (after.succeeded ?? 0) - (before.succeeded ?? 0)
    if (isIndexed(job)) {
      const { completions = 0, backoffLimitPerIndex } = job.spec
      const limit = backoffLimitPerIndex === undefined ? "global" : "perIndex"
      const size = (text: string | undefined) => countIndexes(parseIndexes(text, completions))
      // Fewer completions take indexes out of what was counted before, too.
      succeeded = size(after.completedIndexes) - size(before.completedIndexes)
      this.#indexes.add(succeeded, "succeeded", limit)
      const failed = size(after.failedIndexes) - size(before.failedIndexes)
      if (failed > 0) this.#indexes.add(failed, "failed", limit)
    }
    this.#pods.add(succeeded, modeOf(job), "succeeded")
    this.#pods.add((after.failed ?? 0) - (before.failed ?? 0), modeOf(job), "failed")
  }

  /** Pods that are counted now, by what the failure policy says of them. */
  judged(job: Job, pods: readonly Pod[]): void {
    if (!job.spec.podFailurePolicy) return
    for (const pod of pods) {
      const { action } = judgeFailure(job, pod)
      if (action) this.#judged.add(1, action)
    }
  }

  /** @param replaces some have failed, or are ending */
  created(job: Job, replaces: { failed: boolean; terminating: boolean }, succeeded: number, failed: number) {
    const onlyFailed = job.spec.podReplacementPolicy === "Failed"
    const reason =
      onlyFailed && replaces.failed
        ? "recreate_failed"
        : replaces.failed || replaces.terminating
          ? "recreate_terminating_or_failed"
          : "new"
    if (succeeded > 0) this.#creations.add(succeeded, reason, "succeeded")
    if (failed > 0) this.#creations.add(failed, reason, "failed")
  }

  podChanged(current: Pod | undefined, previous: Pod | undefined): void {
    const waits = (pod: Pod | undefined) => pod !== undefined && isTerminal(pod) && isTracked(pod)
    const [before, after] = [waits(previous), waits(current)]
    if (after && !before) this.#tracked.add(1, "add")
    if (before && !after) this.#tracked.add(1, "delete")
  }

  managedElsewhere(controllerName: string): void {
    this.#external.add(1, controllerName)
  }
}

function modeOf(job: Job): string {
  return isIndexed(job) ? "Indexed" : "NonIndexed"
}
