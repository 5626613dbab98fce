import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "vitest"
import { readTar } from "../../../src/container-runtime/image-archive/tar.ts"
import { buildFilesImage } from "../../e2e/images.ts"
import { execIn, idle, isReady, podOf, shell, startPod, untilPod, createPod } from "./pods.ts"
import { type NodesWorld, onRealNodes, scripting, useRealNodes } from "./real-nodes.ts"

// An image as a volume, pulled from a registry on its pod's own node: a runtime speaks plain HTTP with the node itself alone.

useRealNodes()

const port = 5123

/** A registry of one image whose files are in /content: as much of the distribution API as a pull asks for. */
const registry = `const { readFileSync, existsSync } = require("node:fs")
  const { index } = JSON.parse(readFileSync("/content/index", "utf8"))
  require("node:http").createServer((request, response) => {
    const [, digest = ""] = /sha256:([0-9a-f]+)$/.exec(request.url) ?? []
    const name = request.url.includes("/manifests/1") ? index : digest
    if (request.url === "/v2/") return response.end("{}")
    if (!existsSync("/content/" + name)) return response.writeHead(404).end()
    const body = readFileSync("/content/" + name)
    const type = body.includes("image.manifest.v1+json") ? "application/vnd.oci.image.manifest.v1+json" : "application/octet-stream"
    response.writeHead(200, { "content-type": type, "content-length": body.length, "docker-content-digest": "sha256:" + name })
    response.end(request.method === "HEAD" ? undefined : body)
  }).listen(${port}, "127.0.0.1")
  process.on("SIGTERM", () => process.exit(0))`

/** Starts it on some node; resolves to that node's name. */
async function startRegistry(world: NodesWorld, files: Readonly<Record<string, string>>): Promise<string> {
  const { api, namespace } = world
  const directory = mkdtempSync(join(tmpdir(), "coracle-conformance-"))
  const content = await contentOf(
    buildFilesImage("kitten:1", files, { output: join(directory, "image.tar") }),
  )
  rmSync(directory, { recursive: true })
  await api.create(`/api/v1/namespaces/${namespace}/configmaps`, {
    metadata: { name: "content" },
    ...content,
  })
  const readinessProbe = { exec: { command: ["node", "-e", probe] }, periodSeconds: 1 }
  const container = {
    name: "main",
    image: scripting,
    args: ["-e", registry],
    readinessProbe,
    volumeMounts: [{ name: "content", mountPath: "/content" }],
  }
  const volumes = [{ name: "content", configMap: { name: "content" } }]
  const pod = await startPod(world, podOf("registry", [container], { spec: { hostNetwork: true, volumes } }))
  return pod["spec"]["nodeName"]
}

const probe = `fetch("http://127.0.0.1:${port}/v2/").catch(() => process.exit(1))`

/** An image archive's blobs by digest, and the digest of its manifest. */
async function contentOf(archive: string): Promise<{ data: object; binaryData: object }> {
  const binaryData: Record<string, string> = {}
  let index = ""
  async function* whole() {
    yield readFileSync(archive)
  }
  for await (const { path, type, content } of readTar(whole())) {
    const pieces: Uint8Array[] = []
    for await (const piece of content) pieces.push(piece)
    const bytes = Buffer.concat(pieces)
    if (path === "index.json") index = JSON.parse(bytes.toString()).manifests[0].digest.slice(7)
    else if (type === "file" && path.startsWith("blobs/"))
      binaryData[path.split("/").at(-1)!] = bytes.toString("base64")
  }
  return { data: { index: JSON.stringify({ index }) }, binaryData }
}

onRealNodes(
  "[sig-node] ImageVolume should succeed with pod and pull policy of Always [LinuxOnly] [MinimumKubeletVersion:1.35] [Conformance]",
  async (world) => {
    const nodeName = await startRegistry(world, {
      "data.json": `{"image":"kitten.jpg"}`,
      "etc/os-release": `NAME="Alpine Linux"\n`,
    })
    const reference = `127.0.0.1:${port}/kitten:1`
    const container = shell(idle, { volumeMounts: [{ name: "volume", mountPath: "/volume" }] })
    const volumes = [{ name: "volume", image: { reference, pullPolicy: "Always" } }]
    await createPod(world, podOf("reader", [container], { spec: { nodeName, volumes } }))
    await untilPod(world, "reader", isReady, "the pod with the image's volume is ready")
    expect(await execIn(world, "reader", "cat /volume/data.json")).toContain("kitten.jpg")
    expect(await execIn(world, "reader", "cat /volume/etc/os-release")).toContain("Alpine Linux")
  },
)
