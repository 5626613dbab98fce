import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Draft } from "../../apimachinery/meta.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Service } from "../../api/core/v1/service.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { PodGroup, type PodGroupTemplateReference } from "../../api/scheduling/v1alpha2/pod-group.ts"
import { Workload } from "../../api/scheduling/v1alpha2/workload.ts"
import { createAdmissionChain } from "./create-admission-chain.ts"
import { type GuardedServer, startGuardedServer } from "./testing.ts"

let server: GuardedServer
const namespace = "more"

beforeAll(async () => {
  server = await startGuardedServer({
    enable: [
      "AlwaysPullImages",
      "DenyServiceExternalIPs",
      "ExtendedResourceToleration",
      "LimitPodHardAntiAffinityTopology",
    ],
  })
  await server.client.create(Namespace, { metadata: { name: namespace } })
  await server.client.create(ServiceAccount, { metadata: { namespace, name: "default" } })
})
afterAll(() => server.stop())

const createPod = (name: string, spec: Draft<Pod>["spec"] = {}) =>
  server.client.create(Pod, {
    metadata: { namespace, name },
    spec: { containers: [{ name: "c", image: "busybox:1" }], ...spec },
  })
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => "allowed",
    (error: Error) => error.message,
  )

describe("plugins to be switched on", () => {
  it("are known by name", () => {
    expect(() => createAdmissionChain({ enable: ["Nonsense"] } as never)).toThrow(
      /^enable-admission-plugins plugin "Nonsense" is unknown$/,
    )
  })

  it("AlwaysPullImages", async () => {
    const image = { name: "c", image: "busybox:1", imagePullPolicy: "IfNotPresent" as const }
    const pod = await createPod("pull", { containers: [image], initContainers: [{ ...image, name: "i" }] })
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
    expect(containers.map((each) => each.imagePullPolicy)).toEqual(["Always", "Always"])
  })

  it("ExtendedResourceToleration", async () => {
    const limits = { "example.com/gpu": "1", cpu: "1" }
    const pod = await createPod("gpu", {
      containers: [{ name: "c", image: "busybox:1", resources: { limits, requests: limits } }],
    })
    expect(pod.spec.tolerations).toContainEqual({
      key: "example.com/gpu",
      operator: "Exists",
      effect: "NoSchedule",
    })
    expect(pod.spec.tolerations?.map(({ key }) => key)).not.toContain("cpu")
  })

  it("LimitPodHardAntiAffinityTopology", async () => {
    const away = (topologyKey: string) => ({
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { topologyKey, labelSelector: { matchLabels: { a: "b" } } },
          ],
        },
      },
    })
    expect(await outcome(createPod("host", away("kubernetes.io/hostname")))).toBe("allowed")
    expect(await outcome(createPod("zone", away("topology.kubernetes.io/zone")))).toBe(
      'pods "zone" is forbidden: affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey topology.kubernetes.io/zone but only key kubernetes.io/hostname is allowed',
    )
  })

  it("DenyServiceExternalIPs", async () => {
    const create = (name: string, externalIPs?: string[]) =>
      server.client.create(Service, {
        metadata: { namespace, name },
        spec: { ports: [{ port: 80 }], ...(externalIPs && { externalIPs }) },
      })
    expect(await outcome(create("a", ["192.0.2.1"]))).toBe(
      'services "a" is forbidden: Use of external IPs is denied by admission control',
    )
    const service = await create("b")
    const spec = { ...service.spec, externalIPs: ["192.0.2.1"] }
    expect(await outcome(server.client.update(Service, { ...service, spec }))).toContain(
      "Use of external IPs",
    )
  })
})

describe("what a node can do", () => {
  async function createNode(name: string, os: string, declaredFeatures: string[] = []) {
    const node = await server.client.create(Node, { metadata: { name, labels: { "kubernetes.io/os": os } } })
    const status = { ...node.status, allocatable: { cpu: "2", memory: "1Gi" }, declaredFeatures }
    await server.client.updateStatus(Node, { ...node, status })
  }
  const sized = (cpu: string) => ({
    containers: [{ name: "c", image: "busybox:1", resources: { requests: { cpu } } }],
  })
  async function resize(name: string, cpu: string) {
    const pod = await server.client.get(Pod, { namespace, name })
    const requests = { cpu }
    const [container] = pod.spec.containers
    const spec = pod.spec.resources
      ? { ...pod.spec, resources: { requests } }
      : { ...pod.spec, containers: [{ ...container!, resources: { requests } }] }
    return outcome(server.client.update(Pod, { ...pod, spec }, { subresource: "resize" }))
  }

  it("limits what its pods grow to", async () => {
    await createNode("linux", "linux")
    await createPod("small", { ...sized("1"), nodeName: "linux" })
    expect(await resize("small", "3")).toBe(
      'pods "small" is forbidden: node didn\'t have enough allocatable resources: cpu, requested: 3000, allocatable: 2000',
    )
    expect(await resize("small", "1500m")).toBe("allowed")
    await createNode("other", "windows")
    await createPod("elsewhere", { ...sized("1"), nodeName: "other" })
    expect(await resize("elsewhere", "2")).toContain(
      'pod resize is only supported on linux nodes, node "other" is "windows"',
    )
    await createPod("nowhere", { ...sized("1"), nodeName: "gone" })
    expect(await resize("nowhere", "2")).toContain('node "gone" not found')
  })

  it("is what it says it can", async () => {
    await createNode("old", "linux")
    await createNode("new", "linux", ["InPlacePodLevelResourcesVerticalScaling"])
    const whole = (cpu: string) => ({ resources: { requests: { cpu } } })
    const grow = async (nodeName: string) => {
      await createPod(`on-${nodeName}`, { ...whole("1"), nodeName })
      return resize(`on-${nodeName}`, "2")
    }
    expect(await grow("old")).toBe(
      'pods "on-old" is forbidden: pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "old"',
    )
    expect(await grow("new")).toBe("allowed")
  })
})

describe("groups of pods", () => {
  const createGroup = (name: string, podGroupTemplateRef?: PodGroupTemplateReference) =>
    server.client.create(PodGroup, {
      metadata: { namespace, name },
      spec: {
        schedulingPolicy: { gang: { minCount: 1 } },
        ...(podGroupTemplateRef && { podGroupTemplateRef }),
      },
    })
  const template = (workloadName: string, podGroupTemplateName: string) => ({
    workload: { workloadName, podGroupTemplateName },
  })

  it("are kept until their pods have ended", async () => {
    const { metadata } = await createGroup("kept")
    expect(metadata.finalizers).toEqual(["scheduling.k8s.io/podgroup-protection"])
  })

  it("need the Workload that they are made by", async () => {
    expect(await outcome(createGroup("orphan", template("training", "workers")))).toBe(
      'podgroups.scheduling.k8s.io "orphan" is forbidden: PodGroup rejected: Workload "training" not found',
    )
    await server.client.create(Workload, {
      metadata: { namespace, name: "training" },
      spec: { podGroupTemplates: [{ name: "workers", schedulingPolicy: { gang: { minCount: 1 } } }] },
    })
    expect(await outcome(createGroup("drivers", template("training", "drivers")))).toBe(
      'podgroups.scheduling.k8s.io "drivers" is forbidden: PodGroup rejected: PodGroupTemplate "drivers" not found in Workload "training"',
    )
    expect(await outcome(createGroup("workers", template("training", "workers")))).toBe("allowed")
  })
})
