import { describe, expect, it } from "vitest"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import { formatAmounts } from "../v1/pod-resources.ts"
import type { ResourceQuota } from "../v1/resource-quota.ts"
import { persistentVolumeClaimQuota } from "./claim-quota.ts"
import { computeQuotaUsage, QuotaEvaluators } from "./compute-quota-usage.ts"
import { podQuota } from "./pod-quota.ts"
import type { QuotaEvaluator } from "./quota-evaluator.ts"
import { type DeviceQuotaReader, resourceClaimQuota } from "./resource-claim-quota.ts"
import { serviceQuota } from "./service-quota.ts"

const now = Date.parse("2026-01-01T00:00:00Z")
const clock = new SimulatedClock(now)

function usage(
  spec: ResourceQuota["spec"],
  objects: Record<string, readonly unknown[]>,
  reader: Partial<DeviceQuotaReader> = {},
) {
  const devices = { deviceClasses: () => [], findPod: () => undefined, claimsOf: () => [], ...reader }
  const evaluators = new QuotaEvaluators([
    podQuota(clock),
    serviceQuota,
    persistentVolumeClaimQuota,
    resourceClaimQuota(devices, clock),
  ] as readonly QuotaEvaluator[])
  const list = (resource: string) => objects[resource] as readonly KubeObject[] | undefined
  return formatAmounts(computeQuotaUsage({ spec }, evaluators, list))
}
const hard = (...names: string[]) => ({ hard: Object.fromEntries(names.map((name) => [name, "100"])) })

function pod(parts: { spec?: object; status?: object; metadata?: object; resources?: object } = {}) {
  const { spec, status = {}, metadata = {}, resources = {} } = parts
  return {
    metadata: { name: "p", namespace: "n", ...metadata },
    spec: { containers: [{ name: "c", resources }], ...spec },
    status,
  }
}

describe("pods", () => {
  const small = pod({
    resources: { requests: { cpu: "500m", memory: "1Gi", "example.com/gpu": "2" }, limits: { cpu: "1" } },
  })
  const names = ["pods", "count/pods", "cpu", "requests.memory", "limits.cpu", "requests.example.com/gpu"]

  it("counts what they ask for", () => {
    expect(usage(hard(...names), { pods: [small, small] })).toEqual({
      pods: "2",
      "count/pods": "2",
      cpu: "1",
      "requests.memory": "2Gi",
      "limits.cpu": "2",
      "requests.example.com/gpu": "4",
    })
  })

  it("tells zero from unknown", () => {
    expect(usage(hard("pods", "count/pods", "no/such"), { pods: [] })).toEqual({
      pods: "0",
      "count/pods": "0",
    })
    expect(usage(hard("count/widgets.example.com"), {})).toEqual({})
  })

  it("counts a pod that ended, or should have, by number alone", () => {
    const deleted = (seconds: number) =>
      pod({ metadata: { deletionTimestamp: "2025-12-31T23:59:50Z", deletionGracePeriodSeconds: seconds } })
    const pods = [
      pod({ status: { phase: "Succeeded" } }),
      pod({ status: { phase: "Failed" } }),
      deleted(5),
      deleted(30),
    ]
    expect(usage(hard("pods", "count/pods"), { pods })).toEqual({ pods: "1", "count/pods": "4" })
  })

  const scoped = {
    bestEffort: pod(),
    burstable: small,
    ending: pod({ spec: { activeDeadlineSeconds: 5 } }),
    high: pod({ spec: { priorityClassName: "high" } }),
    spread: pod({
      spec: {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, podAffinityTerm: { topologyKey: "zone", namespaces: ["other"] } },
            ],
          },
        },
      },
    }),
  }
  const counted = (spec: Omit<ResourceQuota["spec"], "hard">) =>
    Object.entries(scoped)
      .filter(([, each]) => usage({ ...hard("pods"), ...spec }, { pods: [each] })["pods"] === "1")
      .map(([name]) => name)
  const priority = (operator: "In" | "NotIn" | "Exists" | "DoesNotExist", ...values: string[]) =>
    counted({ scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator, values }] } })

  it("counts those in scope", () => {
    expect(counted({})).toHaveLength(5)
    expect(counted({ scopes: ["BestEffort"] })).toEqual(["bestEffort", "ending", "high", "spread"])
    expect(counted({ scopes: ["NotBestEffort"] })).toEqual(["burstable"])
    expect(counted({ scopes: ["Terminating"] })).toEqual(["ending"])
    expect(counted({ scopes: ["BestEffort", "NotTerminating"] })).toEqual(["bestEffort", "high", "spread"])
    expect(counted({ scopes: ["CrossNamespacePodAffinity"] })).toEqual(["spread"])
    expect(counted({ scopes: ["VolumeAttributesClass"] })).toEqual([])
    expect(priority("In", "high", "low")).toEqual(["high"])
    expect(priority("NotIn", "high")).toEqual(["bestEffort", "burstable", "ending", "spread"])
    expect(priority("Exists")).toEqual(["high"])
    expect(priority("DoesNotExist")).toHaveLength(4)
  })

  it("wants every container to say what is counted of cpu and memory", () => {
    const evaluator = podQuota(clock)
    const silent = (parts: object, ...names: string[]) => evaluator.findOmission!(pod(parts) as never, names)
    expect(silent({}, "limits.memory", "cpu", "pods", "requests.example.com/gpu")).toBe(
      "must specify cpu for: c; limits.memory for: c",
    )
    const two = { spec: { containers: [{ name: "b" }, { name: "a" }] } }
    expect(silent(two, "cpu")).toBe("must specify cpu for: a,b")
    expect(silent({ resources: { requests: { cpu: "1" } } }, "cpu", "requests.cpu")).toBeUndefined()
    const whole = { spec: { containers: [{ name: "c" }], resources: { requests: { cpu: "1" } } } }
    expect(silent(whole, "cpu", "memory")).toBeUndefined()
  })
})

describe("services", () => {
  it("counts types and ports", () => {
    const service = (spec: object) => ({ metadata: { name: "s" }, spec })
    const services = [
      service({ type: "ClusterIP", ports: [{ port: 1 }] }),
      service({ type: "NodePort", ports: [{ port: 1 }, { port: 2 }] }),
      service({ type: "LoadBalancer", ports: [{ port: 1 }] }),
      service({
        type: "LoadBalancer",
        allocateLoadBalancerNodePorts: false,
        ports: [{ port: 1 }, { port: 2, nodePort: 30000 }],
      }),
    ]
    expect(usage(hard("services", "services.nodeports", "services.loadbalancers"), { services })).toEqual({
      services: "4",
      "services.nodeports": "4",
      "services.loadbalancers": "2",
    })
  })
})

describe("claims", () => {
  const claim = (storage: string, storageClassName?: string, status: object = {}) => ({
    metadata: { name: "c" },
    spec: { resources: { requests: { storage } }, storageClassName },
    status,
  })
  const gold = "gold.storageclass.storage.k8s.io/"

  it("counts storage in all and by class", () => {
    const names = ["persistentvolumeclaims", "requests.storage", `${gold}requests.storage`]
    const claims = [
      claim("1Gi"),
      claim("2Gi", "gold"),
      claim("1Gi", "gold", { allocatedResources: { storage: "4Gi" } }),
    ]
    expect(
      usage(hard(...names, `${gold}persistentvolumeclaims`), { persistentvolumeclaims: claims }),
    ).toEqual({
      persistentvolumeclaims: "3",
      "requests.storage": "7Gi",
      [`${gold}requests.storage`]: "6Gi",
      [`${gold}persistentvolumeclaims`]: "2",
    })
  })

  it("counts whole bytes", () => {
    expect(usage(hard("requests.storage"), { persistentvolumeclaims: [claim("1500m")] })).toEqual({
      "requests.storage": "2",
    })
  })
})

describe("resource claims", () => {
  const resource = "resourceclaims.resource.k8s.io"
  const gpus = "gpu.deviceclass.resource.k8s.io/devices"
  const claim = (requests: object[], metadata: object = {}) => ({
    metadata: { name: "c", namespace: "n", ...metadata },
    spec: { devices: { requests } },
  })
  const exactly = (count: number) => ({
    name: "r",
    exactly: { deviceClassName: "gpu", allocationMode: "ExactCount", count },
  })

  it("counts devices by class, the most that may be given", () => {
    const claims = [
      claim([exactly(2), { name: "all", exactly: { deviceClassName: "gpu", allocationMode: "All" } }]),
      claim([
        {
          name: "either",
          firstAvailable: [
            { name: "a", deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 },
            { name: "b", deviceClassName: "gpu", allocationMode: "ExactCount", count: 3 },
          ],
        },
      ]),
    ]
    expect(usage(hard(gpus, `count/${resource}`), { [resource]: claims })).toEqual({
      [gpus]: "37",
      [`count/${resource}`]: "2",
    })
  })

  it("counts a device once, though the pod it was made for asks for it as an extended resource", () => {
    const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "u", controller: true }
    const made = claim([exactly(2)], {
      annotations: { "resource.kubernetes.io/extended-resource-claim": "true" },
      ownerReferences: [owner],
    })
    const asking = pod({ metadata: { uid: "u" }, resources: { requests: { "example.com/gpu": "2" } } })
    const reader = {
      deviceClasses: () => [{ metadata: { name: "gpu" }, spec: { extendedResourceName: "example.com/gpu" } }],
      findPod: () => asking,
      claimsOf: () => [made],
    } as unknown as Partial<DeviceQuotaReader>
    const count = (claims: object[]) =>
      usage(hard("requests.example.com/gpu"), { pods: [asking], [resource]: claims }, reader)
    expect(count([made])).toEqual({ "requests.example.com/gpu": "2" })
    expect(count([made, claim([exactly(1)])])).toEqual({ "requests.example.com/gpu": "3" })
  })
})

it("counts any other resource", () => {
  const objects = { configmaps: [{}, {}], "deployments.apps": [{}] }
  expect(usage(hard("configmaps", "count/configmaps", "count/deployments.apps"), objects)).toEqual({
    configmaps: "2",
    "count/configmaps": "2",
    "count/deployments.apps": "1",
  })
})
