/**
 * Counters, gauges and histograms in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
 * Counting is a look-up in maps; names and labels are put together only when somebody reads.
 */
export interface Metric {
  /** Appends its lines. */
  write(lines: string[]): void
  /** What it has counted starts at zero again. What is now, as gauges tell, stays. */
  reset?(): void
}

export interface MetricOptions {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

/** Things by their labels, found by a map for each label: putting labels together for every look-up would cost more. */
class Labelled<T> {
  readonly #make: () => T
  readonly #root: Branch<T> = { below: undefined, value: undefined }
  /** In the order in which they came. */
  readonly entries: [labels: readonly string[], value: T][] = []

  /** What has no labels is there from the start, at zero. */
  constructor({ labels = [] }: MetricOptions, make: () => T) {
    this.#make = make
    if (labels.length === 0) this.at([])
  }

  at(labels: readonly string[]): T {
    let branch = this.#root
    for (const label of labels) {
      let next = branch.below?.get(label)
      if (!next)
        (branch.below ??= new Map<string, Branch<T>>()).set(
          label,
          (next = { below: undefined, value: undefined }),
        )
      branch = next
    }
    if (branch.value === undefined) {
      branch.value = this.#make()
      this.entries.push([labels, branch.value])
    }
    return branch.value
  }
}

interface Branch<T> {
  below: Map<string, Branch<T>> | undefined
  value: T | undefined
}

/** One figure of a metric, for whoever counts it often: the look-up by labels is done once. */
export interface Cell {
  value: number
}

export class Counter implements Metric {
  readonly #options: MetricOptions
  readonly #type: "counter" | "gauge"
  readonly #values: Labelled<Cell>

  constructor(options: MetricOptions, type: "counter" | "gauge" = "counter") {
    this.#options = options
    this.#type = type
    this.#values = new Labelled(options, () => ({ value: 0 }))
  }

  add(amount: number, ...labels: readonly string[]): void {
    this.at(...labels).value += amount
  }

  set(value: number, ...labels: readonly string[]): void {
    this.at(...labels).value = value
  }

  at(...labels: readonly string[]): Cell {
    return this.#values.at(labels)
  }

  write(lines: string[], options = this.#options): void {
    const { name, labels = [] } = options
    const { entries } = this.#values
    if (entries.length === 0) return
    writeHead(lines, options, this.#type)
    for (const [values, { value }] of entries) lines.push(`${name}${formatLabels(labels, values)} ${value}`)
  }

  reset(): void {
    if (this.#type === "counter") for (const [, cell] of this.#values.entries) cell.value = 0
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

  reset(): void {
    this.counts.fill(0)
    this.sum = this.count = 0
  }
}

export class Histogram implements Metric {
  readonly #options: MetricOptions
  readonly #bounds: readonly number[]
  readonly #values: Labelled<Buckets>

  /** @param bounds upper bounds of the buckets, ascending */
  constructor(options: MetricOptions, bounds: readonly number[]) {
    this.#options = options
    this.#bounds = bounds
    this.#values = new Labelled(options, () => new Buckets(bounds))
  }

  reset(): void {
    for (const [, buckets] of this.#values.entries) buckets.reset()
  }

  observe(value: number, ...labels: readonly string[]): void {
    this.at(...labels).observe(value)
  }

  at(...labels: readonly string[]): Buckets {
    return this.#values.at(labels)
  }

  /** The same figures under another name. */
  under(name: string, help: string): Metric {
    return { write: (lines) => this.write(lines, { ...this.#options, name, help }) }
  }

  write(lines: string[], options = this.#options): void {
    const { name, labels = [] } = options
    const { entries } = this.#values
    if (entries.length === 0) return
    writeHead(lines, options, "histogram")
    for (const [values, buckets] of entries)
      writeBuckets(lines, { name, labels }, this.#bounds, values, buckets)
  }
}

/** A histogram that something else keeps: looked up when somebody reads. */
export function histogramOf(
  options: MetricOptions,
  bounds: readonly number[],
  read: () => Iterable<readonly [buckets: Buckets, ...labels: string[]]>,
): Metric {
  const { name, labels = [] } = options
  return {
    write(lines) {
      let isHeaded = false
      for (const [buckets, ...values] of read()) {
        if (!isHeaded) writeHead(lines, options, "histogram")
        isHeaded = true
        writeBuckets(lines, { name, labels }, bounds, values, buckets)
      }
    },
  }
}

function writeBuckets(
  lines: string[],
  { name, labels }: { readonly name: string; readonly labels: readonly string[] },
  bounds: readonly number[],
  values: readonly string[],
  { counts, sum, count }: Buckets,
): void {
  const withBound = [...labels, "le"]
  let cumulative = 0
  for (const [index, bound] of bounds.entries()) {
    cumulative += counts[index]!
    lines.push(`${name}_bucket${formatLabels(withBound, [...values, String(bound)])} ${cumulative}`)
  }
  lines.push(
    `${name}_bucket${formatLabels(withBound, [...values, "+Inf"])} ${count}`,
    `${name}_sum${formatLabels(labels, values)} ${sum}`,
    `${name}_count${formatLabels(labels, values)} ${count}`,
  )
}

/** Upper bounds, in seconds, where nothing better is known: those of Prometheus' clients. */
export const usualSeconds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Upper bounds of a histogram's buckets, each so many times the one before. */
export function exponentialBounds(first: number, factor: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first * factor ** index)
}

/** A gauge, or a counter that something else keeps: looked up when somebody reads. */
export function gauge(
  options: MetricOptions,
  read: () => Iterable<readonly [value: number, ...labels: string[]]>,
  type: "gauge" | "counter" = "gauge",
): Metric {
  return {
    write(lines) {
      let isHeaded = false
      for (const [value, ...labels] of read()) {
        if (!isHeaded) writeHead(lines, options, type)
        isHeaded = true
        const told = value === Number.POSITIVE_INFINITY ? "+Inf" : value
        lines.push(`${options.name}${formatLabels(options.labels ?? [], labels)} ${told}`)
      }
    },
  }
}

/** The media type of what `formatMetrics` gives. */
export const metricsType = "text/plain; version=0.0.4; charset=utf-8"

export function formatMetrics(metrics: readonly Metric[]): string {
  const lines: string[] = []
  for (const metric of metrics) metric.write(lines)
  return lines.length > 0 ? `${lines.join("\n")}\n` : ""
}

function writeHead(lines: string[], { name, help }: MetricOptions, type: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
}

function formatLabels(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return ""
  return `{${names.map((name, index) => `${name}="${escapeLabelValue(values[index] ?? "")}"`).join(",")}}`
}

/** A label's value between its quotation marks. */
export function escapeLabelValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
}
