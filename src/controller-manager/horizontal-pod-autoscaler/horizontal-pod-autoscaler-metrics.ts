import { Counter, exponentialBounds, gauge, Histogram, type Metric } from "../../base/metrics.ts"

export type ScaleAction = "scale_up" | "scale_down" | "none"

export interface Outcome {
  readonly action: ScaleAction
  readonly failed: boolean
}

const prefix = "horizontal_pod_autoscaler_controller"
const bounds = exponentialBounds(0.001, 2, 15)
const actions =
  "The label 'action' should be either 'scale_down', 'scale_up', or 'none'. Also, the label 'error' should be either 'spec', 'internal', or 'none'."
const firstError =
  "Note that if both spec and internal errors happen during a reconciliation, the first one to occur is reported in `error` label."
const metricType = "The label 'metric_type' corresponds to HPA.spec.metrics[*].type"
const perOutcome = ["action", "error"]

/** What the autoscaler's controller counts, under upstream's names. */
export class HorizontalPodAutoscalerMetrics {
  /** By namespace and name: how many replicas it wants, undefined until it knows. */
  readonly #desired = new Map<string, { namespace: string; name: string; replicas: number | undefined }>()
  readonly #looks = new Counter({
    name: `${prefix}_reconciliations_total`,
    help: `[BETA] Number of reconciliations of HPA controller. ${actions} ${firstError}`,
    labels: perOutcome,
  })
  readonly #lookTimes = new Histogram(
    {
      name: `${prefix}_reconciliation_duration_seconds`,
      help: `[BETA] The time(seconds) that the HPA controller takes to reconcile once. ${actions} ${firstError}`,
      labels: perOutcome,
    },
    bounds,
  )
  readonly #computations = new Counter({
    name: `${prefix}_metric_computation_total`,
    help: `[BETA] Number of metric computations. ${actions} ${metricType}`,
    labels: [...perOutcome, "metric_type"],
  })
  readonly #computationTimes = new Histogram(
    {
      name: `${prefix}_metric_computation_duration_seconds`,
      help: `[BETA] The time(seconds) that the HPA controller takes to calculate one metric. ${actions.replace(" Also, the", " The")} ${metricType}`,
      labels: [...perOutcome, "metric_type"],
    },
    bounds,
  )

  get all(): readonly Metric[] {
    const labels = ["namespace", "hpa_name"]
    const [count, desired] = [`${prefix}_num_horizontal_pod_autoscalers`, `${prefix}_desired_replicas`]
    return [
      this.#looks,
      this.#lookTimes,
      this.#computations,
      this.#computationTimes,
      gauge({ name: count, help: "[ALPHA] Current number of controlled HPA objects." }, () => [
        [this.#desired.size],
      ]),
      gauge({ name: desired, help: "[ALPHA] Current desired replica count for HPA objects.", labels }, () =>
        [...this.#desired.values()].flatMap(({ namespace, name, replicas }) =>
          replicas === undefined ? [] : [[replicas, namespace, name] as const],
        ),
      ),
    ]
  }

  looked({ action, failed }: Outcome, seconds: number): void {
    const labels = [action, errorLabel(failed)]
    this.#looks.add(1, ...labels)
    this.#lookTimes.observe(seconds, ...labels)
  }

  computed({ action, failed }: Outcome, type: string, seconds: number): void {
    const labels = [failed ? "none" : action, errorLabel(failed), type]
    this.#computations.add(1, ...labels)
    this.#computationTimes.observe(seconds, ...labels)
  }

  /** One autoscaler is looked after, and wants so many. */
  wants(namespace: string, name: string, replicas: number | undefined): void {
    this.#desired.set(`${namespace}/${name}`, { namespace, name, replicas })
  }

  forget(namespace: string, name: string): void {
    this.#desired.delete(`${namespace}/${name}`)
  }
}

/** What is wrong with an autoscaler itself is refused by the API server: errors are those of others. */
function errorLabel(failed: boolean): "internal" | "none" {
  return failed ? "internal" : "none"
}

export function scaleAction(from: number, to: number): ScaleAction {
  if (to === from) return "none"
  return to > from ? "scale_up" : "scale_down"
}
