/**
 * Counters, gauges and histograms in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
 * Counting is a look-up in a map; names and labels are put together only when somebody reads.
 */
export interface Metric {
  /** Appends its lines. */
  write(lines: string[]): void
}

export interface MetricOptions {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

// Cannot be in a label value that came over HTTP.
const separator = "\u0000"

/** One figure of a metric, for whoever counts it often: the look-up by labels is done once. */
export interface Cell {
  value: number
}

export class Counter implements Metric {
  readonly #options: MetricOptions
  readonly #type: "counter" | "gauge"
  readonly #values = new Map<string, Cell>()

  constructor(options: MetricOptions, type: "counter" | "gauge" = "counter") {
    this.#options = options
    this.#type = type
  }

  add(amount: number, ...labels: readonly string[]): void {
    this.at(...labels).value += amount
  }

  set(value: number, ...labels: readonly string[]): void {
    this.at(...labels).value = value
  }

  at(...labels: readonly string[]): Cell {
    const key = labels.join(separator)
    let cell = this.#values.get(key)
    if (!cell) this.#values.set(key, (cell = { value: 0 }))
    return cell
  }

  write(lines: string[], options = this.#options): void {
    const { name, labels = [] } = options
    writeHead(lines, options, this.#type)
    for (const [key, { value }] of this.#values) lines.push(`${name}${formatLabels(labels, key)} ${value}`)
  }

  /** The same figures under another name. */
  under(name: string, help: string): Metric {
    return { write: (lines) => this.write(lines, { ...this.#options, name, help }) }
  }
}

/** One series of a histogram. */
export class Buckets {
  readonly counts: number[]
  readonly #bounds: readonly number[]
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.counts = bounds.map(() => 0)
  }

  observe(value: number): void {
    const index = this.#bounds.findIndex((bound) => value <= bound)
    if (index >= 0) this.counts[index]!++
    this.sum += value
    this.count++
  }
}

export class Histogram implements Metric {
  readonly #options: MetricOptions
  readonly #bounds: readonly number[]
  readonly #values = new Map<string, Buckets>()

  /** @param bounds upper bounds of the buckets, ascending */
  constructor(options: MetricOptions, bounds: readonly number[]) {
    this.#options = options
    this.#bounds = bounds
  }

  observe(value: number, ...labels: readonly string[]): void {
    this.at(...labels).observe(value)
  }

  at(...labels: readonly string[]): Buckets {
    const key = labels.join(separator)
    let buckets = this.#values.get(key)
    if (!buckets) this.#values.set(key, (buckets = new Buckets(this.#bounds)))
    return buckets
  }

  /** The same figures under another name. */
  under(name: string, help: string): Metric {
    return { write: (lines) => this.write(lines, { ...this.#options, name, help }) }
  }

  write(lines: string[], options = this.#options): void {
    const { name, labels = [] } = options
    writeHead(lines, options, "histogram")
    for (const [key, { counts, sum, count }] of this.#values) {
      let cumulative = 0
      for (const [index, bound] of this.#bounds.entries()) {
        cumulative += counts[index]!
        lines.push(`${name}_bucket${formatLabels([...labels, "le"], join(key, String(bound)))} ${cumulative}`)
      }
      lines.push(`${name}_bucket${formatLabels([...labels, "le"], join(key, "+Inf"))} ${count}`)
      lines.push(
        `${name}_sum${formatLabels(labels, key)} ${sum}`,
        `${name}_count${formatLabels(labels, key)} ${count}`,
      )
    }
  }
}

/** A gauge, or a counter that something else keeps: looked up when somebody reads. */
export function gauge(
  options: MetricOptions,
  read: () => Iterable<readonly [value: number, ...labels: string[]]>,
  type: "gauge" | "counter" = "gauge",
): Metric {
  return {
    write(lines) {
      writeHead(lines, options, type)
      for (const [value, ...labels] of read()) {
        const told = value === Number.POSITIVE_INFINITY ? "+Inf" : value
        lines.push(`${options.name}${formatLabels(options.labels ?? [], labels.join(separator))} ${told}`)
      }
    },
  }
}

export function formatMetrics(metrics: readonly Metric[]): string {
  const lines: string[] = []
  for (const metric of metrics) metric.write(lines)
  return `${lines.join("\n")}\n`
}

function writeHead(lines: string[], { name, help }: MetricOptions, type: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
}

function join(key: string, last: string): string {
  return key === "" ? last : `${key}${separator}${last}`
}

function formatLabels(names: readonly string[], key: string): string {
  if (names.length === 0) return ""
  const values = key.split(separator)
  return `{${names.map((name, index) => `${name}="${escape(values[index] ?? "")}"`).join(",")}}`
}

function escape(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
}
