import { APIService } from "../../api/apiregistration/v1/api-service.ts"
import { Counter, gauge, type Metric } from "../../base/metrics.ts"
import type { Cache } from "../../client/cache.ts"
import { isAvailable } from "../aggregation/api-services.ts"

/** Which groups cannot be served, under upstream's names. */
export class AggregationMetrics {
  readonly #unavailable = new Counter({
    name: "aggregator_unavailable_apiservice_total",
    help: "[ALPHA] Counter of APIServices which are marked as unavailable broken down by APIService name and reason.",
    labels: ["name", "reason"],
  })

  metrics(cache: Cache): readonly Metric[] {
    const name = "aggregator_unavailable_apiservice"
    const help =
      "[ALPHA] Gauge of APIServices which are marked as unavailable broken down by APIService name."
    const current = gauge({ name, help, labels: ["name"] }, () =>
      cache.list(APIService).map((each) => [Number(!isAvailable(each)), each.metadata.name] as const),
    )
    return [this.#unavailable, current]
  }

  /** It was available until now. */
  unavailable(name: string, reason: string): void {
    this.#unavailable.add(1, name, reason)
  }
}
