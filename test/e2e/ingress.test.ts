import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type ClientOptions, WebSocket } from "ws"
import { eventually, hostState, type Kubectl, run, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildNodeImage } from "./images.ts"
import { appManifests, fallbackIngress, shopIngress } from "./ingress/manifest.ts"
import { get, underLoad } from "./load.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const image = "e2e/node:1"
const [httpPort, httpsPort] = [38_080, 38_443]
const portsFlag = ["--ingress-ports", `${httpPort},${httpsPort}`]

interface Answer {
  readonly app: string
  readonly pod: string
  readonly path: string
  readonly headers: Record<string, string>
}

describe.skipIf(missing)("Ingresses", () => {
  let before: Record<string, string>
  let cluster: TestCluster
  let kubectl: Kubectl
  let certificate: string

  beforeAll(async () => {
    before = hostState()
    cluster = new TestCluster(portsFlag)
    await cluster.up()
    await cluster.loadImage(buildNodeImage, image)
    kubectl = cluster.kubectl(realClients.kubectl136())
    certificate = join(cluster.directory, "shop.crt")
    const key = join(cluster.directory, "shop.key")
    const subject = ["-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"]
    const kind = [
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
    ]
    execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", key, "-out", certificate], {
      stdio: "ignore",
    })
    await kubectl.call(`create secret tls shop-tls --cert=${certificate} --key=${key}`)
    await apply(...appManifests(image, ["one", "two"]), shopIngress("one"), fallbackIngress)
    for (const app of ["one", "two"]) await kubectl.call(`rollout status deployment/${app} --timeout=90s`)
  })
  afterAll(async () => {
    await cluster.destroy()
    expect(hostState()).toEqual(before)
  })

  const apply = (...objects: readonly object[]) =>
    kubectl.call("apply -f -", JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }))

  /** As a person would ask: curl with the name of the host, wherever that leads. */
  async function curl(url: string, ...more: readonly string[]): Promise<{ code: number; answer?: Answer }> {
    const { hostname, port } = new URL(url)
    const output = await run("curl", [
      "-sS",
      "-w",
      "\n%{http_code}",
      "--resolve",
      `${hostname}:${port}:127.0.0.1`,
      ...more,
      url,
    ])
    if (output.code !== 0) throw new Error(output.stderr)
    const [body = "", code] = output.stdout.split("\n").slice(-2)
    return { code: Number(code), ...(body.startsWith("{") && { answer: JSON.parse(body) as Answer }) }
  }
  const plain = (host: string, path: string) => curl(`http://${host}:${httpPort}${path}`)

  test("are of the cluster's class and tell the address", async () => {
    await eventually(async () => {
      const { spec, status } = await kubectl.json<{
        spec: { ingressClassName: string }
        status: { loadBalancer: { ingress?: { ip: string }[] } }
      }>("get ingress shop")
      expect(spec.ingressClassName).toBe("coracle")
      expect(status.loadBalancer.ingress).toEqual([{ ip: "127.0.0.1" }])
    })
  })

  test("lead by host and path", async () => {
    const apps: Record<string, string | number> = {}
    for (const [host, path] of [
      ["shop.example", "/exact"],
      ["shop.example", "/prefix/more?of=it"],
      ["shop.example", "/any"],
      ["a.wild.example", "/exact"],
      ["other.example", "/exact"],
      ["shop.example", "/exact/more"],
      ["shop.example", "/prefixes"],
    ] as const) {
      const { code, answer } = await plain(host, path)
      apps[host + path] = answer ? `${answer.app} ${answer.path}` : code
    }
    expect(apps).toEqual({
      "shop.example/exact": "one /exact",
      "shop.example/prefix/more?of=it": "one /prefix/more?of=it",
      "shop.example/any": "two /any",
      "a.wild.example/exact": "two /exact",
      "other.example/exact": "one /exact",
      // The default backend is for what no rule matches.
      "shop.example/exact/more": "one /exact/more",
      "shop.example/prefixes": "one /prefixes",
    })
    const pods = await Promise.all(Array.from({ length: 12 }, () => plain("shop.example", "/exact")))
    expect(new Set(pods.map(({ answer }) => answer!.pod)).size).toBe(2)
  })

  test("speak TLS with the certificate of the host", async () => {
    const url = `https://shop.example:${httpsPort}/exact`
    for (const version of ["--http1.1", "--http2"]) {
      const { answer } = await curl(url, "--cacert", certificate, version)
      expect(answer!.headers["x-forwarded-proto"]).toBe("https")
    }
    await expect(curl(`https://other.example:${httpsPort}/`, "--cacert", certificate)).rejects.toThrow(
      /certificate/,
    )
  })

  test("carry WebSockets", async () => {
    const ca = readFileSync(certificate)
    for (const url of [`ws://127.0.0.1:${httpPort}/exact`, `wss://127.0.0.1:${httpsPort}/exact`]) {
      const socket = new WebSocket(url, [], {
        headers: { host: "shop.example" },
        servername: "shop.example",
        ca,
      } as ClientOptions)
      const said = await new Promise((resolve, reject) => {
        socket.on("open", () => socket.send("over and out"))
        socket.on("message", (data) => resolve((data as Buffer).toString()))
        socket.on("error", reject)
      })
      socket.terminate()
      expect(said, url).toBe("over and out")
    }
  })

  test("change under load without a failed request", async () => {
    const ask = () => get("127.0.0.1", httpPort, { path: "/prefix", host: "shop.example" })
    const { answered, failures } = await underLoad(ask, async () => {
      await apply(shopIngress("two"))
      await kubectl.call("rollout restart deployment/one deployment/two")
      for (const app of ["one", "two"]) await kubectl.call(`rollout status deployment/${app} --timeout=90s`)
      await kubectl.call("scale deployment two --replicas=1")
      await apply(shopIngress("one"))
      await kubectl.call("scale deployment two --replicas=3")
      await kubectl.call("rollout status deployment/two --timeout=90s")
    })
    expect(failures).toEqual([])
    expect(answered).toBeGreaterThan(100)
  })

  test("say what is missing", async () => {
    await kubectl.call("delete ingress fallback")
    await eventually(async () => expect((await plain("shop.example", "/nowhere")).code).toBe(404))
    await kubectl.call("scale deployment one --replicas=0")
    await eventually(async () => expect((await plain("shop.example", "/exact")).code).toBe(503))
  })

  test("are not served by a cluster that finds the ports taken, and it says so", async () => {
    const second = new TestCluster(portsFlag)
    const { stdout, stderr } = await second.up()
    await second.destroy()
    expect(stdout + stderr).toContain(`another program listens at 127.0.0.1:${httpPort}`)
  })
})
