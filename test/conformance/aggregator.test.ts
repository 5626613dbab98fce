import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "vitest"
import { realRandom } from "../../src/base/real/random.ts"
import { issueAuthority, issueCertificate } from "../../src/cluster/certificates/issue-certificate.ts"
import { conformance, eventually, type Json, toCome, useCluster, type World } from "./harness.ts"

useCluster()

const codename =
  "[sig-api-machinery] Aggregator Should be able to support the 1.17 Sample API Server using the current Aggregator [LinuxOnly] [Conformance]"

/** Endpoints must not be on loopback. */
const address = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address

const apiService = "/apis/apiregistration.k8s.io/v1/apiservices"
const name = "v1alpha1.wardle.example.com"

if (address) conformance(codename, (world) => withExtensionServer(world, address, serveFlunders))
else toCome(codename, "this machine has no address that endpoints may have")

/** The sample server in a process of its own; it trusts whom the cluster says is its front proxy. */
async function withExtensionServer(
  world: World,
  host: string,
  work: (world: World, server: { port: number; caBundle: string }) => Promise<void>,
): Promise<void> {
  const now = Date.now()
  const authority = issueAuthority("sample-authority", now, realRandom)
  const plan = {
    name: "sample",
    signedBy: "ca",
    subject: { commonName: "sample" },
    usages: ["server auth"],
    alternativeNames: { dnsNames: [`sample-api.${world.namespace}.svc`], ipAddresses: [] },
  } as const
  const pair = issueCertificate(plan, authority, now, realRandom)
  const { data } = await world.api.get(
    "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication",
  )
  const directory = mkdtempSync(join(tmpdir(), "sample-api-"))
  const files = {
    key: pair.keyPem,
    certificate: pair.certificatePem,
    ca: data["requestheader-client-ca-file"],
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(join(directory, file), text)
  const script = join(import.meta.dirname, "../../src/apiserver/aggregation/testing/extension-server.mjs")
  const paths = Object.keys(files).map((file) => join(directory, file))
  const server: ChildProcess = spawn(process.execPath, [script, ...paths, host], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  try {
    const port = await new Promise<number>((resolve) =>
      server.stdout!.once("data", (line: Buffer) => resolve(Number(line.toString()))),
    )
    await work(world, { port, caBundle: Buffer.from(authority.certificatePem).toString("base64") })
  } finally {
    server.kill()
    rmSync(directory, { recursive: true })
  }
}

async function serveFlunders(
  { api, namespace }: World,
  { port, caBundle }: { port: number; caBundle: string },
): Promise<void> {
  await api.create(`/api/v1/namespaces/${namespace}/services`, {
    metadata: { name: "sample-api" },
    spec: { ports: [{ port: 7443, targetPort: port }] },
  })
  await api.create(`/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    metadata: { name: "sample-api-1", labels: { "kubernetes.io/service-name": "sample-api" } },
    addressType: "IPv4",
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: "", port, protocol: "TCP" }],
  })
  await api.create(apiService, {
    metadata: { name },
    spec: {
      service: { namespace, name: "sample-api", port: 7443 },
      group: "wardle.example.com",
      version: "v1alpha1",
      caBundle,
      groupPriorityMinimum: 2000,
      versionPriority: 200,
    },
  })
  try {
    const available = await eventually(async () => {
      const found = await api.get(`${apiService}/${name}/status`)
      return found["status"].conditions?.some(({ status }: Json) => status === "True") && found
    }, "the sample server is available")
    expect(available["status"].conditions[0]).toMatchObject({
      reason: "Passed",
      message: "all checks passed",
    })
    const flunders = `/apis/wardle.example.com/v1alpha1/namespaces/${namespace}/flunders`
    await api.create(flunders, {
      apiVersion: "wardle.example.com/v1alpha1",
      kind: "Flunder",
      metadata: { name: "test-flunder" },
    })
    expect((await api.get(flunders))["items"]).toHaveLength(1)
    expect((await api.get(`${flunders}/test-flunder`))["kind"]).toBe("Flunder")
    const { groups } = await api.get("/apis")
    expect(groups.map((group: Json) => group["name"])).toContain("wardle.example.com")
    const patched = await api.patch(`${apiService}/${name}`, { metadata: { labels: { e2e: "patched" } } })
    expect(patched["metadata"].labels).toEqual({ e2e: "patched" })
    const conditions = [{ type: "StatusUpdated", status: "True", reason: "E2E", message: "Set by a test" }]
    const status = await api.patch(`${apiService}/${name}/status`, { status: { conditions } })
    expect(status["status"].conditions.map(({ type }: Json) => type)).toContain("StatusUpdated")
  } finally {
    await api.delete(`${apiService}/${name}`)
  }
  await eventually(
    async () => (await api.send("GET", "/apis/wardle.example.com/v1alpha1")).status === 404,
    "nobody answers for the group any more",
  )
}
