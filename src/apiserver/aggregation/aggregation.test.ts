import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { APIService } from "../../api/apiregistration/v1/api-service.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { resource } from "../../apimachinery/resource.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { issueAuthority, issueCertificate } from "../../cluster/certificates/issue-certificate.ts"
import { install, widgetDefinition } from "../custom-resources/testing.ts"
import { answerOf } from "../raw-request.ts"
import { createBackends } from "../streaming/real/backends.ts"
import { putUnchecked, startTestServer, type TestServer } from "../testing.ts"

const random = new SeededRandom("aggregation")
const now = Date.now()
const serving = issueAuthority("serving", now, random)
const frontProxy = issueAuthority("front-proxy", now, random)
const caBundle = Buffer.from(serving.certificatePem).toString("base64")

function issue(authority: typeof serving, names: string[], usage: "server auth" | "client auth") {
  const alternativeNames = { dnsNames: names, ipAddresses: [] }
  const plan = { name: "x", subject: { commonName: names[0]! }, usages: [usage], alternativeNames }
  return issueCertificate(plan as never, authority, now, random)
}

const directory = mkdtempSync(join(tmpdir(), "extension-"))
const client = issue(frontProxy, ["front-proxy-client"], "client auth")
let extension: ChildProcess
let port: number
beforeAll(async () => {
  const pair = issue(serving, ["api.wardle.svc"], "server auth")
  const files = { key: pair.keyPem, certificate: pair.certificatePem, frontProxy: frontProxy.certificatePem }
  const paths = Object.entries(files).map(([name, text]) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  })
  const script = fileURLToPath(new URL("testing/extension-server.mjs", import.meta.url))
  extension = spawn(process.execPath, [script, ...paths], { stdio: ["ignore", "pipe", "inherit"] })
  port = await new Promise((resolve) =>
    extension.stdout!.once("data", (chunk) => resolve(Number(String(chunk)))),
  )
})
afterAll(() => {
  extension.kill()
  rmSync(directory, { recursive: true })
})

let server: TestServer
beforeEach(async () => {
  const frontProxyIdentity = () => ({ cert: client.certificatePem, key: client.keyPem })
  const backends = createBackends({
    kubeletIdentity: () => ({}),
    frontProxyIdentity,
    clock: realClock,
    log: silentLogger,
  })
  server = await startTestServer({ backends, registersApiServices: true })
})
afterEach(() => server.stop())

const key = { namespace: "wardle", name: "api" }

async function addService(): Promise<void> {
  await server.client.create(Service, { metadata: key, spec: { ports: [{ port: 443, targetPort: port }] } })
}

async function addEndpoints(): Promise<void> {
  const labels = { "kubernetes.io/service-name": "api" }
  await putUnchecked(server, EndpointSlice, {
    metadata: { namespace: "wardle", name: "api-1", labels },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
    ports: [{ name: "", port, protocol: "TCP" }],
  })
}

async function register(spec: object = { caBundle }): Promise<void> {
  await server.client.create(APIService, {
    metadata: { name: "v1alpha1.wardle.example.com" },
    spec: {
      group: "wardle.example.com",
      version: "v1alpha1",
      service: key,
      groupPriorityMinimum: 2000,
      versionPriority: 200,
      ...spec,
    },
  })
}

async function condition(name = "v1alpha1.wardle.example.com") {
  const { status } = await server.client.get(APIService, { name })
  const { status: state, reason, message } = status.conditions?.[0] ?? {}
  return [state, reason, message]
}

const becomes = (reason: string) => expect.poll(async () => (await condition())[1]).toBe(reason)

// oxlint-disable-next-line typescript/no-explicit-any -- documents of any shape
async function get(path: string, accept = "application/json"): Promise<any> {
  const { body } = await server.transport.request({ method: "GET", path, headers: { accept } })
  return typeof body === "string" ? JSON.parse(body) : body
}

test("there is an APIService for each of the server's own groups, custom ones included", async () => {
  await expect.poll(async () => (await condition("v1.apps"))[0]).toBe("True")
  expect(await condition("v1.")).toEqual(["True", "Local", "Local APIServices are always available"])
  const { metadata, spec } = await server.client.get(APIService, { name: "v1.apps" })
  expect(metadata.labels).toEqual({ "kube-aggregator.kubernetes.io/automanaged": "onstart" })
  expect(spec).toEqual({ group: "apps", version: "v1", groupPriorityMinimum: 17800, versionPriority: 15 })
  await install(server.client, widgetDefinition({ type: "object" }))
  await expect
    .poll(() => condition("v1.example.com").catch(() => []))
    .toEqual(["True", "Local", "Local APIServices are always available"])
})

describe("another server's group", () => {
  test("is unavailable until there is somebody who answers, and says why", async () => {
    await register()
    await becomes("ServiceNotFound")
    expect(await condition()).toEqual(["False", "ServiceNotFound", 'service/api in "wardle" is not present'])
    await addService()
    await becomes("EndpointsNotFound")
    const refusal = await get("/apis/wardle.example.com/v1alpha1").catch((error: Error) => error.message)
    expect(refusal).toBe("the server is currently unable to handle the request")
    const unavailable = async () => {
      const { text } = await answerOf(server.server, { method: "GET", path: "/metrics" })
      return text.split("\n").filter((line) => line.startsWith("aggregator_") && line.includes("wardle"))
    }
    const gauge = 'aggregator_unavailable_apiservice{name="v1alpha1.wardle.example.com"}'
    expect(await unavailable()).toEqual([`${gauge} 1`])
    await addEndpoints()
    await becomes("Passed")
    expect(await unavailable()).toEqual([`${gauge} 0`])
    await server.client.delete(Service, { namespace: "wardle", name: "api" })
    await becomes("ServiceNotFound")
    expect(await unavailable()).toEqual([
      'aggregator_unavailable_apiservice_total{name="v1alpha1.wardle.example.com",reason="ServiceNotFound"} 1',
      `${gauge} 1`,
    ])
  })

  test("is not trusted without its authority", async () => {
    await addService()
    await addEndpoints()
    await register({ caBundle: Buffer.from(frontProxy.certificatePem).toString("base64") })
    await becomes("FailedDiscoveryCheck")
    expect((await condition())[2]).toContain("x509: certificate signed by unknown authority")
  })

  test("is found in discovery and OpenAPI, and answers", async () => {
    await addService()
    await addEndpoints()
    await register()
    await becomes("Passed")
    const { groups } = await get("/apis")
    expect(groups.find((each: { name: string }) => each.name === "wardle.example.com").versions).toHaveLength(
      1,
    )
    const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    const discovered = async () =>
      (await get("/apis", accept)).items.find(
        ({ metadata }: KubeObject) => metadata.name === "wardle.example.com",
      )?.versions[0].resources?.[0]?.resource
    await expect.poll(discovered).toBe("flunders")
    const v2 = await get("/openapi/v2")
    expect(v2.definitions["com.example.wardle.Flunder"]).toEqual({ type: "object" })
    const v3 = await get("/openapi/v3")
    expect(v3.paths["apis/wardle.example.com/v1alpha1"]).toBeDefined()

    const Flunder = resource<KubeObject>({
      group: "wardle.example.com",
      version: "v1alpha1",
      kind: "Flunder",
      plural: "flunders",
      namespaced: true,
      schema: { kind: "object", fields: {}, preserveUnknownFields: true },
    })
    await server.client.create(Flunder, { metadata: { namespace: "default", name: "a" } })
    const { items } = await server.client.list(Flunder, { namespace: "default" })
    expect(items.map(({ metadata }) => metadata.name)).toEqual(["a"])
  })

  test("is told who asks, and gets no credentials", async () => {
    await addService()
    await addEndpoints()
    await register()
    await becomes("Passed")
    const user = {
      name: "jane",
      groups: ["devs", "system:authenticated"],
      extra: { "example.com/team": ["a"] },
    }
    const transport = server.server.transportFor(user)
    const { body } = await transport.request({
      method: "GET",
      path: "/apis/wardle.example.com/v1alpha1/whoami",
      headers: { authorization: "Bearer secret", "x-remote-user": "somebody" },
    })
    expect(body).toEqual({ user: "jane", groups: "devs, system:authenticated", team: "a" })
  })
})
