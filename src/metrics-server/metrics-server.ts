/**
 * metrics-server: tells what nodes and pods use, for `kubectl top` and for autoscalers (metrics.k8s.io).
 *
 * Reads Nodes and Pods, and every node's /metrics/resource each 15 s; stores nothing, and knows nothing of before it started.
 */
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { NodeMetrics } from "../api/metrics/v1beta1/node-metrics.ts"
import { type ContainerMetrics, PodMetrics } from "../api/metrics/v1beta1/pod-metrics.ts"
import {
  formatGroupVersion,
  formatKey,
  type KubeObject,
  keyOf,
  type ObjectMeta,
} from "../apimachinery/meta.ts"
import type { Resource } from "../apimachinery/resource.ts"
import { formatTime } from "../apimachinery/time.ts"
import { type Clock, sleep } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Cache } from "../client/cache.ts"
import { computePodUsage, computeUsage, formatWhen, type Measure, type PodMeasures } from "./compute-usage.ts"
import { type NodeSamples, parseSamples } from "./parse-samples.ts"

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

/** What a node said last, and what that says together with what it said before. */
interface Look {
  readonly samples: NodeSamples
  /** Undefined until there are two looks. */
  readonly node: Measure | undefined
  readonly pods: PodMeasures
}

export class MetricsServer {
  readonly #clock: Clock
  readonly #log: Logger
  #cache: Cache | undefined
  /** By node. */
  readonly #looks = new Map<string, Look>()

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
      const isNew = looks.length === 0 || looks.some((look) => !look.node)
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
      const samples = parseSamples(await readNode(node), this.#clock.now())
      const before = this.#looks.get(name)?.samples
      this.#looks.set(name, {
        samples,
        node: samples.node && before && computeUsage(samples.node, before.node),
        pods: computePodUsage(samples, before),
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
      const measure = this.#looks.get(node.metadata.name)?.node
      if (!measure) return []
      return [{ ...this.#head(NodeMetrics, node), ...formatWhen(measure), usage: measure.usage }]
    })
  }

  /** Of running pods all of whose containers can be told of, with the pods' labels. @param namespace "" is every one */
  async podMetrics(namespace: string): Promise<readonly PodMetrics[]> {
    return (this.#cache?.list(Pod, namespace ? { namespace } : {}) ?? []).flatMap((pod) => {
      const measured = this.#looks.get(pod.spec.nodeName ?? "")?.pods.get(formatKey(keyOf(pod)))
      if (!measured || pod.status.phase !== "Running") return []
      const containers = [...measured].map(
        ([name, { usage }]) => ({ name, usage }) satisfies ContainerMetrics,
      )
      // The oldest moment is true of all.
      const oldest = [...measured.values()].reduce((a, b) => (a.timestampMs <= b.timestampMs ? a : b))
      return [{ ...this.#head(PodMetrics, pod), ...formatWhen(oldest), containers }]
    })
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
