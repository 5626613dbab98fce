import { describe, expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { Change, Plugin } from "../framework.ts"
import { podInfo } from "../pod-info.ts"
import { interPodAffinity } from "./inter-pod-affinity.ts"
import { nodeAffinity } from "./node-affinity.ts"
import { nodeDeclaredFeatures } from "./node-declared-features.ts"
import { nodePorts } from "./node-ports.ts"
import { nodeResourcesFit } from "./node-resources-fit.ts"
import { podTopologySpread } from "./pod-topology-spread.ts"
import { taintToleration } from "./taint-toleration.ts"

interface PodParts {
  readonly labels?: Record<string, string>
  readonly spec?: object
  readonly namespace?: string
}

function pod({ labels, spec, namespace = "default" }: PodParts = {}): Pod {
  const metadata = { name: "pod", namespace, uid: "pod", labels }
  return {
    metadata,
    spec: { containers: [{ name: "main", resources: {} }], ...spec },
    status: {},
  } as unknown as Pod
}

const asking = (requests: object) => ({ containers: [{ name: "main", resources: { requests } }] })

function node(parts: { labels?: object; spec?: object; status?: object } = {}): Node {
  const status = { allocatable: { cpu: "4", memory: "8Gi", pods: "10" }, ...parts.status }
  return {
    metadata: { name: "node", labels: parts.labels },
    spec: { ...parts.spec },
    status,
  } as unknown as Node
}

/** Whether a pod that the plugin rejected would get another try. */
function wakes<T extends KubeObject>(
  plugin: Plugin,
  waiting: Pod,
  resource: Resource<T>,
  change: Change,
  current: T | undefined,
  previous?: T,
): boolean {
  return plugin.hints!.some(
    (hint) =>
      hint.resource === (resource as unknown) &&
      hint.change === change &&
      hint.concerns?.(current, previous) !== false &&
      hint.mayHelp?.(podInfo(waiting), current, previous) !== false,
  )
}

describe("NodeResourcesFit", () => {
  const plugin = nodeResourcesFit()
  const waiting = pod({ spec: asking({ cpu: "6", "example.com/gpu": "1" }) })
  const allocatable = { cpu: "8", memory: "8Gi", pods: "10", "example.com/gpu": "1" }

  it("is helped by a node that could hold the pod", () => {
    expect(wakes(plugin, waiting, Node, "add", node({ status: { allocatable } }))).toBe(true)
    expect(wakes(plugin, waiting, Node, "add", node())).toBe(false)
    const full = { ...allocatable, pods: "0" }
    expect(wakes(plugin, waiting, Node, "add", node({ status: { allocatable: full } }))).toBe(false)
  })

  it("is helped by more of what the pod asks for, and of nothing else", () => {
    const now = node({ status: { allocatable } })
    const before = (change: object) => node({ status: { allocatable: { ...allocatable, ...change } } })
    expect(wakes(plugin, waiting, Node, "update", now, before({ cpu: "7" }))).toBe(true)
    expect(wakes(plugin, waiting, Node, "update", now, before({ pods: "9" }))).toBe(true)
    expect(wakes(plugin, waiting, Node, "update", now, before({ memory: "4Gi" }))).toBe(false)
    expect(wakes(plugin, waiting, Node, "update", now, before({ cpu: "9" }))).toBe(false)
  })

  it("is helped by a pod that asks for less of it", () => {
    const of = (requests: object) => pod({ spec: asking(requests) })
    expect(wakes(plugin, waiting, Pod, "update", of({ cpu: "1" }), of({ cpu: "2" }))).toBe(true)
    expect(wakes(plugin, waiting, Pod, "update", of({ memory: "1Gi" }), of({ memory: "2Gi" }))).toBe(false)
    const gpus = (count: string) => of({ "example.com/gpu": count })
    expect(wakes(plugin, waiting, Pod, "update", gpus("1"), gpus("2"))).toBe(true)
  })
})

describe("NodePorts", () => {
  it("is helped when a port that the pod wants is given back", () => {
    const on = (hostPort: number, hostIP?: string) =>
      pod({ spec: { containers: [{ name: "main", ports: [{ hostPort, hostIP, containerPort: 1 }] }] } })
    const freed = (gone: Pod) => wakes(nodePorts, on(80, "10.0.0.1"), Pod, "delete", undefined, gone)
    expect(freed(on(80))).toBe(true)
    expect(freed(on(80, "10.0.0.2"))).toBe(false)
    expect(freed(on(81))).toBe(false)
  })
})

describe("TaintToleration and NodeAffinity", () => {
  it("are helped by a change that makes the difference", () => {
    const tainted = node({ spec: { taints: [{ key: "busy", effect: "NoSchedule" }] } })
    const soft = node({ spec: { taints: [{ key: "odd", effect: "PreferNoSchedule" }] } })
    expect(wakes(taintToleration, pod(), Node, "update", node(), tainted)).toBe(true)
    expect(wakes(taintToleration, pod(), Node, "update", node(), soft)).toBe(false)
    const picky = pod({ spec: { nodeSelector: { disk: "ssd" } } })
    const ssd = node({ labels: { disk: "ssd" } })
    const relabelled = node({ labels: { disk: "ssd", other: "label" } })
    expect(wakes(nodeAffinity(), picky, Node, "update", ssd, node())).toBe(true)
    expect(wakes(nodeAffinity(), picky, Node, "update", relabelled, ssd)).toBe(false)
  })
})

describe("PodTopologySpread", () => {
  const constraint = {
    maxSkew: 1,
    topologyKey: "zone",
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: { app: "web" } },
  }
  const waiting = pod({ labels: { app: "web" }, spec: { topologySpreadConstraints: [constraint] } })
  const plugin = podTopologySpread()
  const web = pod({ labels: { app: "web" } })
  const other = pod({ labels: { app: "db" } })

  it("is helped by pods among whom the pod is spread", () => {
    expect(wakes(plugin, waiting, Pod, "add", web)).toBe(true)
    expect(wakes(plugin, waiting, Pod, "add", other)).toBe(false)
    expect(wakes(plugin, waiting, Pod, "add", pod({ labels: { app: "web" }, namespace: "far" }))).toBe(false)
    expect(wakes(plugin, waiting, Pod, "delete", undefined, other)).toBe(false)
    expect(wakes(plugin, waiting, Pod, "update", other, web)).toBe(true)
    expect(wakes(plugin, waiting, Pod, "update", pod({ labels: { app: "web", v: "2" } }), web)).toBe(false)
  })

  it("is helped by nodes that are in a domain, or were", () => {
    const zoned = node({ labels: { zone: "a" } })
    expect(wakes(plugin, waiting, Node, "add", zoned)).toBe(true)
    expect(wakes(plugin, waiting, Node, "add", node())).toBe(false)
    expect(wakes(plugin, waiting, Node, "delete", undefined, zoned)).toBe(true)
    expect(wakes(plugin, waiting, Node, "update", node({ labels: { zone: "b" } }), zoned)).toBe(true)
    expect(wakes(plugin, waiting, Node, "update", node({ labels: { zone: "a", x: "y" } }), zoned)).toBe(false)
  })
})

describe("InterPodAffinity", () => {
  const plugin = interPodAffinity()
  const term = (app: string, more: object = {}) => ({
    topologyKey: "zone",
    labelSelector: { matchLabels: { app } },
    ...more,
  })
  const near = (...terms: object[]) =>
    pod({ spec: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } } })
  const away = (...terms: object[]) =>
    pod({
      spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } } },
    })
  const web = pod({ labels: { app: "web" } })
  const db = pod({ labels: { app: "db" } })

  it("is helped by a pod that the pod wants to be near", () => {
    expect(wakes(plugin, near(term("web")), Pod, "add", web)).toBe(true)
    expect(wakes(plugin, near(term("web")), Pod, "add", db)).toBe(false)
    expect(wakes(plugin, near(term("web"), term("db")), Pod, "add", web)).toBe(false)
    expect(wakes(plugin, away(term("web")), Pod, "add", web)).toBe(false)
    const far = pod({ labels: { app: "web" }, namespace: "far" })
    expect(wakes(plugin, near(term("web")), Pod, "add", far)).toBe(false)
    expect(wakes(plugin, near(term("web", { namespaceSelector: {} })), Pod, "add", far)).toBe(true)
  })

  it("is helped when one goes that the pod did not want, or that did not want it", () => {
    expect(wakes(plugin, away(term("web")), Pod, "delete", undefined, web)).toBe(true)
    expect(wakes(plugin, away(term("web")), Pod, "delete", undefined, db)).toBe(false)
    expect(wakes(plugin, web, Pod, "delete", undefined, away(term("web")))).toBe(true)
    expect(wakes(plugin, near(term("web")), Pod, "delete", undefined, web)).toBe(false)
  })

  it("is helped by a node that comes to another place, and by one that becomes another pod's", () => {
    const a = node({ labels: { zone: "a" } })
    expect(wakes(plugin, near(term("web")), Node, "update", a, node())).toBe(true)
    const relabelled = node({ labels: { zone: "a", x: "y" } })
    expect(wakes(plugin, near(term("web")), Node, "update", relabelled, a)).toBe(false)
    expect(wakes(plugin, near(term("web")), Pod, "update", web, db)).toBe(true)
    expect(wakes(plugin, away(term("web")), Pod, "update", web, db)).toBe(false)
    expect(wakes(plugin, away(term("web")), Pod, "update", db, web)).toBe(true)
  })
})

describe("NodeDeclaredFeatures", () => {
  it("is helped by what a node says it can do", () => {
    const able = node({ status: { declaredFeatures: ["RestartAllContainersOnContainerExits"] } })
    expect(wakes(nodeDeclaredFeatures, pod(), Node, "update", able, node())).toBe(true)
    expect(wakes(nodeDeclaredFeatures, pod(), Node, "update", able, able)).toBe(false)
  })
})
