import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import { issueTestCertificates } from "../../apiserver/serve/testing.ts"
import { createBackends } from "../../apiserver/streaming/real/backends.ts"
import { startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { usualConfiguration } from "../../kubelet/configuration/usual-configuration.ts"
import type { Kubelet } from "../../kubelet/kubelet.ts"
import { KubeletMetrics } from "../../kubelet/metrics/kubelet-metrics.ts"
import { type KubeletServer, serveKubelet } from "../../kubelet/server/serve-kubelet.ts"
import { createVolumeDirectories } from "../../local-provisioner/real/volume-directories.ts"
import { offersVolumes, remoteVolumeDirectories, volumeRoute } from "./node-volumes.ts"

const certificates = issueTestCertificates()
const identity = certificates.client("kube-apiserver-kubelet-client", "system:masters")

let directory: string
let server: TestServer
let kubelet: KubeletServer

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "coracle-volumes-"))
  server = await startTestServer({
    clock: realClock,
    backends: createBackends({
      kubeletIdentity: () => ({ ca: certificates.authority, cert: identity.certificate, key: identity.key }),
      clock: realClock,
      log: silentLogger,
    }),
  })
  // As much of a kubelet as its door needs.
  const behind = {
    services: {
      nodeName: "node-1",
      client: server.client,
      clock: realClock,
      metrics: new KubeletMetrics(),
      configuration: usualConfiguration(),
    },
    workers: { findByName: () => undefined },
  } as unknown as Kubelet
  kubelet = await serveKubelet({
    kubelets: [behind],
    host: "127.0.0.1",
    port: 0,
    serving: certificates.server,
    clientAuthorities: certificates.authority,
    routes: [volumeRoute(createVolumeDirectories(join(directory, "volumes")))],
    log: silentLogger,
  })
  await server.client.create(Node, {
    metadata: { name: "node-1", annotations: offersVolumes },
    status: {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
    },
  })
})
afterEach(async () => {
  await kubelet.close()
  await server.stop()
  rmSync(directory, { recursive: true })
})

describe("volumes of a node that is a process of its own", () => {
  it("are made and deleted by the node, asked at its kubelet's port", async () => {
    const node = await server.client.get(Node, { name: "node-1" })
    const directories = remoteVolumeDirectories(server.transport, node)!
    const path = await directories.create("pvc-1_default_data")
    expect(path).toBe(join(directory, "volumes/pvc-1_default_data"))
    writeFileSync(join(path, "file"), "kept")
    await directories.remove(path)
    expect(existsSync(path)).toBe(false)
  })

  it("are nowhere else", async () => {
    const node = await server.client.get(Node, { name: "node-1" })
    const directories = remoteVolumeDirectories(server.transport, node)!
    await expect(directories.remove(directory)).rejects.toThrow()
    await expect(directories.create("../elsewhere")).rejects.toThrow()
    expect(existsSync(directory)).toBe(true)
  })

  it("cannot be had of nodes that do not say so", async () => {
    const node = await server.client.create(Node, { metadata: { name: "foreign" } })
    expect(remoteVolumeDirectories(server.transport, node)).toBeUndefined()
  })
})
