import { Counter, type Metric } from "../../base/metrics.ts"
import type { Doomed } from "./plan.ts"

const reasons: Readonly<Record<Doomed["why"], string>> = {
  orphaned: "orphaned",
  terminatedByOutOfService: "out-of-service",
  unscheduledTerminating: "unscheduled",
  tooManyTerminated: "terminated",
}

const labels = ["namespace", "reason"]

/** What the garbage collector of pods counts, under upstream's names. */
export class PodGarbageCollectorMetrics {
  readonly #deletions = new Counter({
    name: "pod_gc_collector_force_delete_pods_total",
    help: "[ALPHA] Number of pods that are being forcefully deleted since the Pod GC Controller started.",
    labels,
  })
  readonly #errors = new Counter({
    name: "pod_gc_collector_force_delete_pod_errors_total",
    help: "[ALPHA] Number of errors encountered when forcefully deleting the pods since the Pod GC Controller started.",
    labels,
  })

  get all(): readonly Metric[] {
    return [this.#deletions, this.#errors]
  }

  deleted({ pod, why }: Doomed): void {
    this.#deletions.add(1, pod.metadata.namespace ?? "", reasons[why])
  }

  failed({ pod, why }: Doomed): void {
    this.#errors.add(1, pod.metadata.namespace ?? "", reasons[why])
  }
}
