import type { Metric } from "../base/metrics.ts"
import { CronJobMetrics } from "./cronjob/cronjob-metrics.ts"
import { EndpointSliceMetrics } from "./endpointslice/endpointslice-metrics.ts"
import { HorizontalPodAutoscalerMetrics } from "./horizontal-pod-autoscaler/horizontal-pod-autoscaler-metrics.ts"
import { JobMetrics } from "./job/job-metrics.ts"
import { NodeLifecycleMetrics } from "./node-lifecycle/node-lifecycle-metrics.ts"
import { PodGarbageCollectorMetrics } from "./pod-garbage-collector/pod-garbage-collector-metrics.ts"
import { TaintEvictionMetrics } from "./taint-eviction/taint-eviction-metrics.ts"

/** What controllers count of their own affairs, beside their work queues; one of each for a process. */
export class ControllerMetrics {
  readonly job = new JobMetrics()
  readonly cronJob = new CronJobMetrics()
  readonly nodeLifecycle = new NodeLifecycleMetrics()
  readonly podGarbageCollector = new PodGarbageCollectorMetrics()
  readonly horizontalPodAutoscaler = new HorizontalPodAutoscalerMetrics()
  readonly endpointSlice = new EndpointSliceMetrics()
  readonly taintEviction = new TaintEvictionMetrics()

  get all(): readonly Metric[] {
    const { job, cronJob, nodeLifecycle, podGarbageCollector, taintEviction } = this
    const { endpointSlice, horizontalPodAutoscaler } = this
    const workloads = [job, cronJob, horizontalPodAutoscaler]
    const cluster = [endpointSlice, nodeLifecycle, podGarbageCollector, taintEviction]
    return [...workloads, ...cluster].flatMap(({ all }) => all)
  }
}
