import { exponentialBounds, Histogram, type Metric } from "../../base/metrics.ts"

/** What the CronJob controller measures of itself, under upstream's name. */
export class CronJobMetrics {
  readonly #skew = new Histogram(
    {
      name: "cronjob_controller_job_creation_skew_duration_seconds",
      help: "[STABLE] Time between when a cronjob is scheduled to be run, and when the corresponding job is created",
    },
    exponentialBounds(1, 2, 10),
  )

  get all(): readonly Metric[] {
    return [this.#skew]
  }

  created(lateMs: number): void {
    this.#skew.observe(lateMs / 1000)
  }
}
