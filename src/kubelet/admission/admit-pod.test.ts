import { describe, expect, it } from "vitest"
import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { admitPod } from "./admit-pod.ts"
import { planPreemption } from "./plan-preemption.ts"

const pod = (name: string, cpu: string, spec: object = {}, labels: Record<string, string> = {}) =>
  ({
    metadata: { name, uid: name, labels },
    spec: { containers: [{ name: "c", ...(cpu && { resources: { requests: { cpu } } }) }], ...spec },
    status: {},
  }) as unknown as Pod
const place = (spec: object = {}) => ({
  allocatable: { cpu: "2", pods: "3" },
  node: {
    metadata: { name: "n", labels: { "kubernetes.io/os": "linux", disk: "ssd" } },
    spec,
  } as unknown as Node,
  allowedSysctls: ["net.core.*"],
  strictGroups: false,
})

describe("a node's last word", () => {
  it.each([
    [
      pod("p", "3"),
      "OutOfcpu",
      "Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000",
    ],
    [
      pod("p", "", { nodeSelector: { disk: "hdd" } }),
      "NodeAffinity",
      "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    ],
    [
      pod("p", "", { os: { name: "windows" } }),
      "PodOSNotSupported",
      "Failed to admit pod as the OS field doesn't match node OS",
    ],
    [
      pod("p", "", {}, { "kubernetes.io/os": "windows" }),
      "PodOSSelectorNodeLabelDoesNotMatch",
      "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    ],
    [
      pod("p", "", { securityContext: { supplementalGroupsPolicy: "Strict" } }),
      "SupplementalGroupsPolicyNotSupported",
      "SupplementalGroupsPolicy=Strict is not supported in this node",
    ],
    [
      pod("p", "", {
        securityContext: {
          sysctls: [
            { name: "net.core.somaxconn", value: "1" },
            { name: "net/ipv4/tcp_syncookies", value: "1" },
            { name: "kernel.msgmax", value: "1" },
          ],
        },
      }),
      "SysctlForbidden",
      'forbidden sysctl: "kernel.msgmax" not allowlisted',
    ],
  ])("refuses with %s", (asked, reason, message) =>
    expect(admitPod(asked, [], place())).toEqual({ reason, message }),
  )

  it("lets in what belongs here and fits", () => {
    expect(
      admitPod(pod("p", "1", { nodeSelector: { disk: "ssd" } }), [pod("q", "1")], place()),
    ).toBeUndefined()
    // Before the node is registered its labels are not known.
    expect(
      admitPod(pod("p", "1", { nodeSelector: { disk: "hdd" } }), [], { ...place(), node: undefined }),
    ).toBeUndefined()
  })

  it("trusts the scheduler, who knows labels and taints that have just changed", () => {
    const lastTransitionTime = "2026-01-01T00:00:00Z"
    const condition = { type: "PodScheduled", status: "True", lastTransitionTime, lastProbeTime: "" }
    const scheduled = (spec: object): Pod => ({
      ...pod("p", "", spec),
      status: { conditions: [condition] },
    })
    expect(admitPod(scheduled({ nodeSelector: { disk: "hdd" } }), [], place())).toBeUndefined()
    const tainted = place({ taints: [{ key: "maintenance", effect: "NoExecute" }] })
    expect(admitPod(scheduled({}), [], tainted)).toBeUndefined()
    expect(admitPod(scheduled({ os: { name: "windows" } }), [], place())?.reason).toBe("PodOSNotSupported")
  })

  it("keeps out whom a taint drives out, but for static pods and those that tolerate it", () => {
    const tainted = place({ taints: [{ key: "maintenance", effect: "NoExecute" }] })
    expect(admitPod(pod("p", ""), [], tainted)?.reason).toBe("TaintToleration")
    expect(admitPod(pod("p", "", { tolerations: [{ operator: "Exists" }] }), [], tainted)).toBeUndefined()
    const fromFile = pod("p", "")
    fromFile.metadata.annotations = { "kubernetes.io/config.source": "file" }
    expect(admitPod(fromFile, [], tainted)).toBeUndefined()
  })
})

describe("room for a critical pod", () => {
  const critical = pod("critical", "1", { priority: 2_000_000_000 })
  const names = (pods: readonly Pod[] | undefined) => pods?.map(({ metadata }) => metadata.name)

  it("is made by as few as it takes, of the lowest class first", () => {
    const others = [pod("small", "500m"), pod("big", "1500m"), pod("nothing", "")]
    expect(names(planPreemption(critical, others, { allocatable: { cpu: "2", pods: "9" } }))).toEqual(["big"])
    expect(names(planPreemption(critical, others, { allocatable: { cpu: "9", pods: "3" } }))).toEqual([
      "nothing",
    ])
  })

  it("is not made by critical ones, nor for others", () => {
    const another = pod("another", "2", { priority: 2_000_000_000 })
    expect(planPreemption(critical, [another], place())).toBeUndefined()
    expect(planPreemption(pod("plain", "1"), [pod("big", "2")], place())).toBeUndefined()
  })
})
