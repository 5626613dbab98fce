import { Histogram, type Metric, usualSeconds } from "../../base/metrics.ts"

/** How long the rules of custom resources take, under upstream's names. */
export class ExpressionMetrics {
  readonly #compilations = new Histogram(
    { name: "apiserver_cel_compilation_duration_seconds", help: "[BETA] CEL compilation time in seconds." },
    usualSeconds,
  )
  readonly #evaluations = new Histogram(
    { name: "apiserver_cel_evaluation_duration_seconds", help: "[BETA] CEL evaluation time in seconds." },
    usualSeconds,
  )

  get metrics(): readonly Metric[] {
    return [this.#compilations, this.#evaluations]
  }

  /** All rules that stand in one place of a schema. */
  compiled(seconds: number): void {
    this.#compilations.observe(seconds)
  }

  /** All rules for one object. */
  evaluated(seconds: number): void {
    this.#evaluations.observe(seconds)
  }
}
