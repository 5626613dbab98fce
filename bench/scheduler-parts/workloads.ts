import type { PodAffinityTerm } from "../../src/api/core/v1/affinity.ts"
import type { NodeSelectorTerm } from "../../src/api/core/v1/node-selector.ts"
import type { Node } from "../../src/api/core/v1/node.ts"
import type { Pod } from "../../src/api/core/v1/pod.ts"
import type { Draft } from "../../src/apimachinery/meta.ts"

/** As upstream's scheduler_perf defines it; `floor` is what upstream's CI asks of kube-scheduler, in pods per second. */
export interface Workload {
  readonly name: string
  readonly floor: number | undefined
  readonly nodes: number
  readonly initialPods: number
  readonly measuredPods: number
  readonly node?: (index: number) => Draft<Node>
  /** A node beside the others, under this name, for everything. */
  readonly extraNode?: string
  readonly initialPod?: (index: number) => Draft<Pod>
  readonly measuredPod: (index: number) => Draft<Pod>
  /** They are not waited for: the scheduler may still be at them when the measured ones come. */
  readonly initialPodsFitNowhere?: boolean
  /** Other things come and go meanwhile. */
  readonly churn?: boolean
  /** Labels of the namespace of each name that pods use. @default none */
  readonly namespaceLabels?: Readonly<Record<string, string>>
}

export const zoneLabel = "topology.kubernetes.io/zone"
const hostLabel = "kubernetes.io/hostname"

function pod(parts: {
  namespace?: string
  labels?: Record<string, string>
  cpu?: string
  priority?: number
  spec?: Draft<Pod["spec"]>
}): Draft<Pod> {
  const { namespace = "default", labels, cpu = "100m", priority, spec } = parts
  const requests = { cpu, memory: "500Mi" }
  return {
    metadata: { namespace, ...(labels && { labels }) },
    spec: {
      containers: [{ name: "pause", image: "registry.k8s.io/pause:3.10.1", resources: { requests } }],
      ...(priority !== undefined && { priority }),
      ...spec,
    },
  }
}

const term = (color: string, topologyKey: string): PodAffinityTerm => ({
  labelSelector: { matchLabels: { color } },
  topologyKey,
  namespaces: ["sched-0", "sched-1"],
})
const zoned =
  (...zones: string[]) =>
  (index: number) => ({ metadata: { labels: { [zoneLabel]: zones[index % zones.length]! } } })
const half = (index: number) => `sched-${index % 2}`

const spreading = (whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway") => () =>
  pod({
    labels: { color: "blue" },
    spec: {
      topologySpreadConstraints: [
        {
          maxSkew: 5,
          topologyKey: zoneLabel,
          whenUnsatisfiable,
          labelSelector: { matchLabels: { color: "blue" } },
        },
      ],
    },
  })

type Affinity = NonNullable<Pod["spec"]["affinity"]>

/** Pods of one colour, in two namespaces by turns. */
const colored = (color: string, affinity: Affinity) => (index: number) =>
  pod({ namespace: half(index), labels: { color }, spec: { affinity } })

const antiAffinity = colored("green", {
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term("green", hostLabel)] },
})

const affinity = colored("blue", {
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term("blue", zoneLabel)] },
})

const preferredAffinity = colored("red", {
  podAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term("red", hostLabel) }],
  },
})

const namespacedAntiAffinity = (namespace: string) => {
  const { namespaces: _, ...everywhere } = term("green", hostLabel)
  const devops = { ...everywhere, namespaceSelector: { matchLabels: { team: "devops" } } }
  const podAntiAffinity = { requiredDuringSchedulingIgnoredDuringExecution: [devops] }
  return pod({ namespace, labels: { color: "green" }, spec: { affinity: { podAntiAffinity } } })
}

const onNodes = (nodeSelectorTerm: NodeSelectorTerm) => () => {
  const nodeAffinity = {
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [nodeSelectorTerm] },
  }
  return pod({ spec: { affinity: { nodeAffinity } } })
}

const nodeAffinity = onNodes({
  matchExpressions: [{ key: zoneLabel, operator: "In", values: ["zone1", "zone2"] }],
})

const daemon = onNodes({
  matchFields: [{ key: "metadata.name", operator: "In", values: ["scheduler-perf-node"] }],
})

const basic = () => pod({})

export const workloads: readonly Workload[] = [
  { name: "Basic", floor: 680, nodes: 5000, initialPods: 1000, measuredPods: 10_000, measuredPod: basic },
  {
    name: "Basic, more pods",
    floor: 810,
    nodes: 5000,
    initialPods: 5000,
    measuredPods: 50_000,
    measuredPod: basic,
  },
  {
    name: "Unschedulable",
    floor: 600,
    nodes: 5000,
    initialPods: 20_000,
    measuredPods: 10_000,
    initialPod: () => pod({ cpu: "9" }),
    initialPodsFitNowhere: true,
    measuredPod: basic,
  },
  {
    name: "MixedChurn",
    floor: 710,
    nodes: 5000,
    initialPods: 0,
    measuredPods: 10_000,
    measuredPod: basic,
    churn: true,
  },
  {
    name: "TopologySpreading",
    floor: 460,
    nodes: 5000,
    initialPods: 5000,
    measuredPods: 5000,
    node: zoned("moon-1", "moon-2", "moon-3"),
    measuredPod: spreading("DoNotSchedule"),
  },
  {
    name: "PreferredTopologySpreading",
    floor: 340,
    nodes: 5000,
    initialPods: 5000,
    measuredPods: 5000,
    node: zoned("moon-1", "moon-2", "moon-3"),
    measuredPod: spreading("ScheduleAnyway"),
  },
  {
    name: "NodeAffinity",
    floor: 220,
    nodes: 5000,
    initialPods: 5000,
    measuredPods: 10_000,
    node: zoned("zone1"),
    measuredPod: nodeAffinity,
  },
  {
    name: "PodAntiAffinity",
    floor: 60,
    nodes: 5000,
    initialPods: 1000,
    measuredPods: 2000,
    initialPod: antiAffinity,
    measuredPod: antiAffinity,
  },
  {
    name: "PodAffinity",
    floor: 35,
    nodes: 5000,
    initialPods: 5000,
    measuredPods: 5000,
    node: zoned("zone1"),
    initialPod: affinity,
    measuredPod: affinity,
  },
  {
    name: "PreferredPodAffinity",
    floor: 90,
    nodes: 5000,
    initialPods: 5000,
    measuredPods: 5000,
    initialPod: preferredAffinity,
    measuredPod: preferredAffinity,
  },
  {
    name: "AntiAffinity by namespaces",
    floor: 24,
    nodes: 6000,
    initialPods: 4000,
    measuredPods: 2000,
    namespaceLabels: { team: "devops" },
    initialPod: (index) => namespacedAntiAffinity(`init-ns-${index % 100}`),
    measuredPod: () => namespacedAntiAffinity("measure-ns-0"),
  },
  {
    name: "Preemption",
    floor: undefined,
    nodes: 5000,
    initialPods: 20_000,
    measuredPods: 5000,
    // Gone at once: there is no kubelet that would let them go.
    initialPod: () => pod({ cpu: "900m", priority: 0, spec: { terminationGracePeriodSeconds: 0 } }),
    measuredPod: () => pod({ cpu: "3", priority: 10 }),
  },
  {
    name: "Daemonset",
    floor: 1100,
    nodes: 15_000,
    initialPods: 0,
    measuredPods: 30_000,
    extraNode: "scheduler-perf-node",
    measuredPod: daemon,
  },
]
