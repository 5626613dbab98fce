/** What a node said at one moment of what it and its containers have used and use. */
export interface NodeSamples {
  readonly node: Sample | undefined
  readonly containers: readonly ContainerSample[]
}

export interface Sample {
  /** Of the processor, since the beginning, in core-seconds. */
  readonly cpuSeconds: number
  readonly memoryBytes: number
  readonly atMs: number
}

export interface ContainerSample extends Sample {
  readonly namespace: string
  readonly pod: string
  readonly container: string
  readonly startedAtMs: number | undefined
}

const line = /^([a-z_]+)(?:\{([^}]*)\})? ([-+0-9.eE]+)(?: ([0-9]+))?$/
const label = /([a-z_]+)="([^"]*)"/g

interface Partial {
  labels: Readonly<Record<string, string>>
  cpuSeconds?: number
  memoryBytes?: number
  startedAtMs?: number
  atMs?: number
}

/**
 * Reads a kubelet's /metrics/resource (https://kubernetes.io/docs/reference/instrumentation/node-metrics/). What comes
 * without a moment of its own is of `nowMs`; a container of which not everything is known yet is left out.
 */
export function parseSamples(text: string, nowMs: number): NodeSamples {
  const node: Partial = { labels: {} }
  const containers = new Map<string, Partial>()
  for (const each of text.split("\n")) {
    const match = line.exec(each)
    if (!match) continue
    const [, name = "", labelText = "", valueText, atText] = match
    const value = Number(valueText)
    const atMs = atText === undefined ? undefined : Number(atText)
    if (name === "node_cpu_usage_seconds_total") Object.assign(node, { cpuSeconds: value, atMs })
    else if (name === "node_memory_working_set_bytes") node.memoryBytes = value
    else if (name.startsWith("container_")) {
      let known = containers.get(labelText)
      if (!known) containers.set(labelText, (known = { labels: parseLabels(labelText) }))
      if (name === "container_cpu_usage_seconds_total") Object.assign(known, { cpuSeconds: value, atMs })
      else if (name === "container_memory_working_set_bytes") known.memoryBytes = value
      else if (name === "container_start_time_seconds") known.startedAtMs = value * 1000
    }
  }
  return {
    node: toSample(node, nowMs),
    containers: [...containers.values()].flatMap((each) => {
      const sample = toSample(each, nowMs)
      const { namespace = "", pod = "", container = "" } = each.labels
      return sample ? [{ ...sample, namespace, pod, container, startedAtMs: each.startedAtMs }] : []
    }),
  }
}

function toSample({ cpuSeconds, memoryBytes, atMs = 0 }: Partial, nowMs: number): Sample | undefined {
  if (cpuSeconds === undefined || memoryBytes === undefined) return undefined
  return { cpuSeconds, memoryBytes, atMs: atMs || nowMs }
}

function parseLabels(text: string): Record<string, string> {
  return Object.fromEntries([...text.matchAll(label)].map(([, name, value]) => [name, value]))
}
