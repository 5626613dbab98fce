import { formatMetrics, type Metric } from "../../base/metrics.ts"
import { buildMetrics } from "../../apimachinery/build-info.ts"
import type { FlowController } from "../flow-control/flow-controller.ts"
import type { VersionInfo } from "../paths/version.ts"
import type { ServedResources } from "../registry/served-resources.ts"
import { AccessMetrics } from "./access-metrics.ts"
import { AggregationMetrics } from "./aggregation-metrics.ts"
import { AdmissionMetrics } from "./admission-metrics.ts"
import { ExpressionMetrics } from "./expression-metrics.ts"
import { FlowControlMetrics } from "./flow-control-metrics.ts"
import { RequestMetrics } from "./request-metrics.ts"
import { StorageMetrics } from "./storage-metrics.ts"
import { WatchMetrics } from "./watch-metrics.ts"

export interface MeasuredParts {
  readonly resources: ServedResources
  readonly flowController: FlowController
  readonly version: VersionInfo
}

/** What the server counts of itself; `/metrics` tells. */
export class ServerMetrics {
  readonly requests = new RequestMetrics()
  readonly access = new AccessMetrics()
  readonly admission = new AdmissionMetrics()
  readonly aggregation = new AggregationMetrics()
  readonly expressions = new ExpressionMetrics()
  readonly flowControl = new FlowControlMetrics()
  readonly storage = new StorageMetrics()
  readonly watches = new WatchMetrics()
  readonly #metrics: Metric[]

  constructor({ resources, flowController, version }: MeasuredParts) {
    this.#metrics = [
      ...this.requests.metrics,
      ...this.access.metrics,
      ...this.admission.metrics,
      ...this.expressions.metrics,
      ...this.flowControl.metrics(flowController),
      ...this.storage.metrics(resources),
      ...this.watches.metrics,
      ...buildMetrics(version),
    ]
  }

  /** More to be told: of the process, of other components in it. */
  add(...metrics: readonly Metric[]): void {
    this.#metrics.push(...metrics)
  }

  text(): string {
    return formatMetrics(this.#metrics)
  }

  reset(): void {
    for (const metric of this.#metrics) metric.reset?.()
  }
}
