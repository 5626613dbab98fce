/**
 * metrics-server: tells what nodes and pods use, for `kubectl top` and for autoscalers (metrics.k8s.io).
 *
 * Reads Nodes and Pods, and every node's /metrics/resource each 15 s; stores nothing, and knows nothing of before it started.
 */
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { NodeMetrics } from "../api/metrics/v1beta1/node-metrics.ts"
import { type ContainerMetrics, PodMetrics } from "../api/metrics/v1beta1/pod-metrics.ts"
import { formatGroupVersion, type KubeObject, type ObjectMeta } from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import { formatTime } from "../apimachinery/time.ts"
import { type Clock, sleep } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Cache } from "../client/cache.ts"
import { computeUsage, formatWhen, type Measure } from "./compute-usage.ts"
import { type ContainerSample, type NodeSamples, parseSamples } from "./parse-samples.ts"

export interface MetricsServerOptions {
  readonly clock: Clock
  readonly log: Logger
}

export interface Sources {
  /** Nodes and Pods, as they are. */
  readonly cache: Cache
  /** The text of a node's /metrics/resource. Rejects when the node does not answer; ends by itself. */
  readonly readNode: (node: Node) => Promise<string>
}

/** Upstream's --metric-resolution. */
const periodMs = 15_000
/** Until there is something to tell: it takes two looks. */
const firstPeriodMs = 5_000
/** Nodes asked at once. */
const atOnce = 32

export class MetricsServer {
  readonly #clock: Clock
  readonly #log: Logger
  #cache: Cache | undefined
  /** By node: the last look and the one before. */
  readonly #looks = new Map<string, { readonly now: NodeSamples; readonly before: NodeSamples | undefined }>()

  constructor({ clock, log }: MetricsServerOptions) {
    this.#clock = clock
    this.#log = log
  }

  /** Looks at all nodes again and again until the signal aborts. */
  async run({ cache, readNode }: Sources, signal: AbortSignal): Promise<void> {
    this.#cache = cache
    while (!signal.aborted) {
      await this.#lookAtAll(cache.list(Node), readNode)
      const looks = [...this.#looks.values()]
      const isNew = looks.length === 0 || looks.some(({ before }) => !before)
      await sleep(this.#clock, isNew ? firstPeriodMs : periodMs, signal)
    }
  }

  async #lookAtAll(nodes: readonly Node[], readNode: Sources["readNode"]): Promise<void> {
    const present = new Set(nodes.map(({ metadata }) => metadata.name))
    for (const name of this.#looks.keys()) if (!present.has(name)) this.#looks.delete(name)
    const left = nodes.values()
    const work = async () => {
      for (const node of left) await this.#look(node, readNode)
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }

  async #look(node: Node, readNode: Sources["readNode"]): Promise<void> {
    const { name } = node.metadata
    try {
      const text = await readNode(node)
      this.#looks.set(name, {
        now: parseSamples(text, this.#clock.now()),
        before: this.#looks.get(name)?.now,
      })
    } catch (error) {
      // What it said last is not true any more.
      this.#looks.delete(name)
      this.#log.debug("a node does not say what it uses", { node: name, error: String(error) })
    }
  }

  /** Of nodes that can be told of, with the nodes' labels. */
  async nodeMetrics(): Promise<readonly NodeMetrics[]> {
    return (this.#cache?.list(Node) ?? []).flatMap((node) => {
      const look = this.#looks.get(node.metadata.name)
      const measure = look?.now.node && look.before && computeUsage(look.now.node, look.before.node)
      if (!measure) return []
      return [{ ...this.#head(NodeMetrics, node), ...formatWhen(measure), usage: measure.usage }]
    })
  }

  /** Of pods all of whose containers can be told of, with the pods' labels. */
  async podMetrics(): Promise<readonly PodMetrics[]> {
    const measures = this.#measureContainers()
    return (this.#cache?.list(Pod) ?? []).flatMap((pod) => {
      const measured = measures.get(keyOf(pod.metadata))
      if (!measured || pod.status.phase !== "Running") return []
      const containers = [...measured].map(
        ([name, { usage }]) => ({ name, usage }) satisfies ContainerMetrics,
      )
      // The oldest moment is true of all.
      const oldest = [...measured.values()].reduce((a, b) => (a.timestampMs <= b.timestampMs ? a : b))
      return [{ ...this.#head(PodMetrics, pod), ...formatWhen(oldest), containers }]
    })
  }

  /** By pod and container; pods of which one container is not known are left out. */
  #measureContainers(): Map<string, Map<string, Measure>> {
    const pods = new Map<string, Map<string, Measure>>()
    const unknown = new Set<string>()
    for (const { now, before } of this.#looks.values()) {
      const earlier = new Map(before?.containers.map((each) => [containerKey(each), each]))
      for (const sample of now.containers) {
        const pod = keyOf({ namespace: sample.namespace, name: sample.pod })
        const measure = computeUsage(sample, earlier.get(containerKey(sample)), sample.startedAtMs)
        if (!measure) unknown.add(pod)
        else if (pods.has(pod)) pods.get(pod)!.set(sample.container, measure)
        else pods.set(pod, new Map([[sample.container, measure]]))
      }
    }
    for (const pod of unknown) pods.delete(pod)
    return pods
  }

  #head<T extends KubeObject>(resource: Resource<T>, { metadata }: KubeObject) {
    const { name, namespace, labels } = metadata
    return {
      kind: resource.kind,
      apiVersion: formatGroupVersion(resource),
      metadata: {
        name,
        ...(namespace && { namespace }),
        creationTimestamp: formatTime(this.#clock.now()),
        ...(labels && { labels }),
      } as ObjectMeta,
    }
  }
}

function keyOf({ namespace = "", name }: { namespace?: string; name: string }): string {
  return `${namespace}/${name}`
}

function containerKey({ namespace, pod, container }: ContainerSample): string {
  return `${namespace}/${pod}/${container}`
}
