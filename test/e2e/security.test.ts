import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Kubectl, TestCluster } from "./cluster.ts"
import { realClients } from "./real-clients.ts"

/** What an administrator is recorded doing, with bodies; components, discovery and leases are not. */
const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- {level: None, nonResourceURLs: ["*"]}
- {level: RequestResponse, users: [kubernetes-admin], resources: [{group: "", resources: [configmaps]}]}
- {level: Metadata, users: [kubernetes-admin]}
`
const keys = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox: {keys: [{name: first, secret: ${Buffer.alloc(32, 7).toString("base64")}}]}
  - identity: {}
`

interface Event {
  readonly level: string
  readonly stage: string
  readonly verb: string
  readonly user: { readonly username: string }
  readonly impersonatedUser?: { readonly username: string }
  readonly userAgent: string
  readonly objectRef: { readonly resource: string; readonly subresource?: string; readonly name?: string }
  readonly responseStatus: { readonly code: number }
  readonly requestObject?: { readonly data?: object }
  readonly responseObject?: { readonly data?: object }
}

describe("a cluster whose administrators look over each other's shoulder", () => {
  const cluster = new TestCluster()
  const file = (name: string) => join(cluster.directory, name)
  let kubectl: Kubectl
  beforeAll(async () => {
    writeFileSync(file("policy.yaml"), policy)
    writeFileSync(file("keys.yaml"), keys)
    await cluster.up([
      "--simulated-nodes=1",
      `--audit-policy-file=${file("policy.yaml")}`,
      `--audit-log-path=${file("audit.log")}`,
      `--encryption-provider-config=${file("keys.yaml")}`,
      "--enable-admission-plugins=AlwaysPullImages",
    ])
    kubectl = cluster.kubectl(realClients.kubectl136())
  })
  afterAll(() => cluster.destroy())

  const events = (): Event[] =>
    readFileSync(file("audit.log"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Event)
  const told = () =>
    events().map(({ stage, verb, objectRef, responseStatus }) => {
      const { resource, subresource, name = "" } = objectRef
      const what = [subresource ? `${resource}/${subresource}` : resource, name].filter(Boolean).join(" ")
      return `${stage === "ResponseComplete" ? "" : `${stage} `}${verb} ${what} ${responseStatus.code}`
    })

  test("finds every step of a session with kubectl, and nothing else", async () => {
    const before = events().length
    const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: page}\ndata: {text: one}\n"
    await kubectl.call("create namespace session")
    await kubectl.call("-n session apply -f -", manifest)
    await kubectl.call("-n session apply -f -", manifest.replace("one", "two"))
    await kubectl.call("-n session create deployment web --image=web --replicas=0")
    await kubectl.call("-n session scale deployment web --replicas=1")
    await kubectl.try("-n session get configmaps --watch-only --request-timeout=1s")
    await kubectl.call("-n session get pods")
    await kubectl.try("-n session get configmap nothing")
    await kubectl.try("-n session get pods --as=jane")
    await kubectl.call("-n session label configmap page seen=yes")
    await kubectl.call("-n session delete configmap page")
    expect(told().slice(before)).toEqual([
      "create namespaces session 201",
      "get configmaps page 404",
      "get namespaces session 200",
      "create configmaps page 201",
      "get configmaps page 200",
      "patch configmaps page 200",
      "create deployments web 201",
      "get deployments web 200",
      "patch deployments/scale web 200",
      "list configmaps 200",
      "ResponseStarted watch configmaps 200",
      "watch configmaps 200",
      "list pods 200",
      "get configmaps nothing 404",
      "get namespaces session 200",
      "list pods 403",
      "get configmaps page 200",
      "patch configmaps page 200",
      "delete configmaps page 200",
      "get configmaps page 404",
    ])
    const session = events().slice(before)
    expect(session.every(({ user }) => user.username === "kubernetes-admin")).toBe(true)
    expect(session.filter(({ impersonatedUser }) => impersonatedUser?.username === "jane")).toHaveLength(1)
    const created = session.find(
      ({ verb, objectRef }) => verb === "create" && objectRef.resource === "configmaps",
    )!
    expect(created.level).toBe("RequestResponse")
    expect(created.requestObject).toMatchObject({ data: { text: "one" } })
    expect(created.responseObject).toMatchObject({ data: { text: "one" } })
    expect(created.userAgent).toMatch(/^kubectl/)
    expect(statSync(file("audit.log")).mode & 0o777).toBe(0o600)
  })

  test("keeps secrets where nobody reads them on the disk", async () => {
    const value = "correct-horse-battery-staple"
    await kubectl.call(`create secret generic vault --from-literal=password=${value}`)
    await kubectl.call(`create configmap open --from-literal=password=${value}`)
    const encoded = Buffer.from(value).toString("base64")
    const contents = storeFiles(join(cluster.directory, "data/etcd")).map((path) =>
      readFileSync(path, "latin1"),
    )
    expect(contents.some((content) => content.includes("k8s:enc:secretbox:v1:first:"))).toBe(true)
    expect(contents.some((content) => content.includes(encoded))).toBe(false)
    // What is not chosen stays readable: the search itself works.
    expect(contents.some((content) => content.includes(value))).toBe(true)
    const secret = await kubectl.json<{ data: { password: string } }>("get secret vault")
    expect(secret.data.password).toBe(encoded)
  })

  test.skipIf(process.platform !== "linux")("listens where it says, and nowhere beyond this machine", () => {
    const ours = new Set(
      readdirSync(`/proc/${cluster.pid}/fd`).flatMap((fd) => {
        try {
          return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${cluster.pid}/fd/${fd}`))?.[1] ?? []
        } catch {
          return []
        }
      }),
    )
    const listening = ["tcp", "tcp6"].flatMap((family) =>
      readFileSync(`/proc/${cluster.pid}/net/${family}`, "utf8")
        .split("\n")
        .map((line) => line.trim().split(/\s+/))
        .filter(([, , , state, , , , , , inode]) => state === "0A" && ours.has(inode!))
        .map(([, address]) => address!.split(":")),
    )
    const { port } = new URL(cluster.state.server)
    expect(listening.map(([, hexPort]) => Number.parseInt(hexPort!, 16))).toContain(Number(port))
    // 127.0.0.1, as the kernel writes it; ::1 likewise.
    const loopback = ["0100007F", "00000000000000000000000001000000"]
    expect(listening.filter(([address]) => !loopback.includes(address!))).toEqual([])
  })

  test("has the admission plugins that were asked for", async () => {
    await kubectl.call("run once --image=busybox --image-pull-policy=Never --restart=Never")
    const pod = await kubectl.json<{ spec: { containers: { imagePullPolicy: string }[] } }>("get pod once")
    expect(pod.spec.containers[0]!.imagePullPolicy).toBe("Always")
  })

  test("gives tokens to Secrets that ask for them", async () => {
    const manifest = `apiVersion: v1
kind: Secret
type: kubernetes.io/service-account-token
metadata: {name: robot, annotations: {kubernetes.io/service-account.name: default}}
`
    await kubectl.call("apply -f -", manifest)
    await kubectl.call("wait secret/robot --for=jsonpath={.data.token} --timeout=10s")
    const secret = await kubectl.json<{ data: { token: string } }>("get secret robot")
    const token = Buffer.from(secret.data.token, "base64").toString()
    const { server } = cluster.state
    expect(
      await kubectl.call(
        `--kubeconfig=/dev/null --server=${server} --insecure-skip-tls-verify --token=${token} auth whoami`,
      ),
    ).toMatch(/system:serviceaccount:default:default/)
    const used = await kubectl.json<{ metadata: { labels: Record<string, string> } }>("get secret robot")
    expect(used.metadata.labels["kubernetes.io/legacy-token-last-used"]).toMatch(/^\d{4}-\d\d-\d\d$/)
  })
})

function storeFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
