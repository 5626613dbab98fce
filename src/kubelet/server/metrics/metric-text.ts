import { escapeLabelValue } from "../../../base/metrics.ts"

/** A metric whose figures bear the time when they were taken, as those of nodes and containers do. */
export interface TimedMetric {
  readonly name: string
  readonly help: string
  readonly type: "counter" | "gauge"
  readonly samples: readonly Sample[]
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Milliseconds since the epoch. */
  readonly atMs?: number
}

export function timedCounter(name: string, help: string, samples: readonly Sample[]): TimedMetric {
  return { name, help, type: "counter", samples }
}

export function timedGauge(name: string, help: string, samples: readonly Sample[]): TimedMetric {
  return { name, help, type: "gauge", samples }
}

/** Prometheus' text; metrics without samples are left out. Labels are told in the order of their names. */
export function formatTimedMetrics(metrics: readonly TimedMetric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => {
      const lines = samples.map(({ labels, value, atMs }) => {
        const time = atMs === undefined ? "" : ` ${Math.round(atMs)}`
        return `${name}${formatLabels(labels)} ${value}${time}\n`
      })
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`
    })
    .join("")
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${escapeLabelValue(value)}"`)
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`
}
