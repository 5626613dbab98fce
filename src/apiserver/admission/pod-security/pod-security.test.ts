import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Draft } from "../../../apimachinery/meta.ts"
import { Deployment } from "../../../api/apps/v1/deployment.ts"
import { Namespace } from "../../../api/core/v1/namespace.ts"
import { Pod } from "../../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../../api/core/v1/service-account.ts"
import { type GuardedServer, startGuardedServer } from "../testing.ts"

let server: GuardedServer
let count = 0

beforeAll(async () => {
  server = await startGuardedServer({
    podSecurity: { exemptions: { namespaces: ["exempt"], usernames: ["installer"] } },
  })
})
afterAll(() => server.stop())

const labels = (modes: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(modes).map(([mode, value]) => [`pod-security.kubernetes.io/${mode}`, value]),
  )

async function createNamespace(modes: Record<string, string>, name = `guarded-${count++}`): Promise<string> {
  await server.client.create(Namespace, { metadata: { name, labels: labels(modes) } })
  await server.client.create(ServiceAccount, { metadata: { namespace: name, name: "default" } })
  return name
}
const podSpec = (spec: Draft<Pod>["spec"] = {}) => ({
  containers: [{ name: "c", image: "busybox:1" }],
  ...spec,
})
const hostNetwork = podSpec({ hostNetwork: true })
const createPod = (namespace: string, spec: Draft<Pod>["spec"], client = server.client, name = "a") =>
  outcome(client.create(Pod, { metadata: { namespace, name }, spec }))
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => "allowed",
    (error: Error) => error.message,
  )

/** The warnings that come with the answer. */
async function warningsOf(method: string, path: string, value: unknown): Promise<string[]> {
  const { headers } = await server.server.handle({
    method,
    path,
    query: new URLSearchParams(),
    headers: {},
    body: { kind: "object", value },
    user: { name: "admin", groups: ["system:masters"], extra: {} },
    signal: new AbortController().signal,
  })
  const lines = headers["warning"] ?? []
  return [lines].flat().map((line) => JSON.parse(line.slice("299 - ".length)) as string)
}

describe("PodSecurity", () => {
  it("refuses pods that break what is enforced", async () => {
    const namespace = await createNamespace({ enforce: "baseline" })
    expect(await createPod(namespace, hostNetwork)).toBe(
      'pods "a" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    )
    expect(await createPod(namespace, podSpec())).toBe("allowed")
    const open = await createNamespace({})
    expect(await createPod(open, hostNetwork)).toBe("allowed")
  })

  it("judges a change of images only", async () => {
    const namespace = await createNamespace({})
    await createPod(namespace, hostNetwork)
    const current = await server.client.get(Namespace, { name: namespace })
    const metadata = { ...current.metadata, labels: labels({ enforce: "baseline" }) }
    await server.client.update(Namespace, { ...current, metadata })
    const pod = await server.client.get(Pod, { namespace, name: "a" })
    const labeled = { ...pod, metadata: { ...pod.metadata, labels: { a: "b" } } }
    expect(await outcome(server.client.update(Pod, labeled))).toBe("allowed")
    const [container] = pod.spec.containers
    const { resourceVersion: _, ...rest } = pod.metadata
    const other = {
      ...pod,
      metadata: rest,
      spec: { ...pod.spec, containers: [{ ...container!, image: "busybox:2" }] },
    }
    expect(await outcome(server.client.update(Pod, other as Pod))).toContain("violates PodSecurity")
  })

  it("warns about workloads, and lets them in", async () => {
    const namespace = await createNamespace({ enforce: "baseline" })
    const body = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: hostNetwork },
      },
    }
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`
    expect(await warningsOf("POST", path, body)).toContain(
      'would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)',
    )
    expect(await outcome(server.client.get(Deployment, { namespace, name: "web" }))).toBe("allowed")
  })

  it("wants readable labels, and tells who already breaks them", async () => {
    expect(await outcome(createNamespace({ enforce: "strict" }, "x"))).toBe(
      'Namespace "x" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
    )
    const namespace = await createNamespace({})
    for (const name of ["b", "a", "c"]) await createPod(namespace, hostNetwork, server.client, name)
    const current = await server.client.get(Namespace, { name: namespace })
    const updated = {
      ...current,
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { ...current.metadata, labels: labels({ enforce: "baseline" }) },
    }
    expect(await warningsOf("PUT", `/api/v1/namespaces/${namespace}`, updated)).toEqual([
      `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "baseline:latest"`,
      "a (and 2 other pods): host namespaces",
    ])
  })

  it("knows exemptions", async () => {
    await createNamespace({ enforce: "restricted" }, "exempt")
    expect(await createPod("exempt", hostNetwork)).toBe("allowed")
    const namespace = await createNamespace({ enforce: "restricted" })
    const installer = server.clientOf("installer", "system:masters")
    expect(await createPod(namespace, hostNetwork, installer)).toBe("allowed")
  })
})
