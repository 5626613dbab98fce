import { expect, it } from "vitest"
import type { Pod } from "../api/core/v1/pod.ts"
import { formatMetrics } from "../base/metrics.ts"
import { podResourceMetrics } from "./pod-resource-metrics.ts"

const pod = (name: string, spec: object, phase = "Pending") =>
  ({
    metadata: { namespace: "default", name },
    spec: { containers: [], ...spec },
    status: { phase },
  }) as unknown as Pod

const container = (requests: object, limits: object = {}) => ({ name: "c", resources: { requests, limits } })

it("tells what pods ask for and may use, with units, until they have ended on a node", () => {
  const pods = [
    pod("a", {
      containers: [container({ cpu: "250m", memory: "1Ki" }, { cpu: "1" }), container({ cpu: "1" })],
      nodeName: "n",
      schedulerName: "default-scheduler",
      priority: 7,
      overhead: { memory: "1Ki" },
    }),
    pod("waiting", { containers: [container({ "example.com/gpu": "2", "hugepages-2Mi": "2Mi" })] }),
    pod("ended", { containers: [container({ cpu: "1" })], nodeName: "n" }, "Failed"),
  ]
  const lines = formatMetrics(podResourceMetrics(() => pods))
    .split("\n")
    .filter((line) => line.startsWith("kube"))
  const of = (name: string, node: string, scheduler: string, priority: string) =>
    `{namespace="default",pod="${name}",node="${node}",scheduler="${scheduler}",priority="${priority}",`
  const a = of("a", "n", "default-scheduler", "7")
  const waiting = of("waiting", "", "", "")
  expect(lines).toEqual([
    `kube_pod_resource_limit${a}resource="cpu",unit="cores"} 1`,
    `kube_pod_resource_request${a}resource="cpu",unit="cores"} 1.25`,
    `kube_pod_resource_request${a}resource="memory",unit="bytes"} 2048`,
    `kube_pod_resource_request${waiting}resource="example.com/gpu",unit=""} 2`,
    `kube_pod_resource_request${waiting}resource="hugepages-2Mi",unit="bytes"} 2097152`,
  ])
})
