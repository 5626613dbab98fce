import { metricsType } from "../../base/metrics.ts"
import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import type { Duplex } from "node:stream"
import type { SecureVersion } from "node:tls"
import { maxHeaderBytes } from "../../base/real/max-header-bytes.ts"
import type { Logger } from "../../base/log.ts"
import { pageHeaders } from "../../base/real/serve-pages.ts"
import { componentPage } from "../../apimachinery/component-pages.ts"
import { processMetrics } from "../../base/real/process-metrics.ts"
import { answerProfile } from "../../base/real/profiling/answer-profile.ts"
import { refuseUpgrade } from "../../base/real/http-upgrade/incoming-upgrade.ts"
import type { Kubelet } from "../kubelet.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { RequestAuthorizer } from "./authorize.ts"
import { checkpointContainer } from "./checkpoint.ts"
import { configz } from "./configz.ts"
import { readContainerLogs } from "./container-logs.ts"
import { podOf, runningContainerOf } from "./container-of-request.ts"
import { healthz } from "./healthz.ts"
import { HttpProblem } from "./http-problem.ts"
import { type NodeLogPlaces, readNodeLogs } from "./node-logs.ts"
import { renderMetrics } from "./metrics/render-metrics.ts"
import { podList, runningPodList } from "./running-pods.ts"
import { tunnelStream } from "./streams.ts"
import { statsSummary } from "./stats-summary.ts"

export interface KubeletServerOptions {
  /** Several kubelets may share a server: each finds its own pods. */
  readonly kubelets: readonly Kubelet[] | (() => readonly Kubelet[])
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** PEM: what the server shows, and whose clients it believes. */
  readonly serving: { readonly certificate: string; readonly key: string }
  readonly clientAuthorities: string
  /** @default Node.js's */
  readonly minVersion?: SecureVersion
  /** What else of the node is asked at this door, by those with the right to `nodes/proxy`. @default nothing */
  readonly routes?: readonly NodeRoute[]
  readonly log: Logger
  /** What `/flagz` shows: flags by name. @default none */
  readonly flags?: Readonly<Record<string, string>>
  /** What `/logs/` shows. @default the machine's /var/log */
  readonly nodeLogs?: NodeLogPlaces
}

const machineLogs: NodeLogPlaces = { directory: "/var/log", services: {} }

/** Answers requests to paths below `/name`. */
export interface NodeRoute {
  readonly name: string
  /** `parts` is the rest of the path. Resolves to JSON; throws HttpProblem. */
  answer(method: string, parts: readonly string[], query: URLSearchParams): Promise<unknown>
}

export interface KubeletServer {
  readonly port: number
  renew(serving: KubeletServerOptions["serving"]): void
  close(): Promise<void>
}

/** The kubelet's own API, on HTTPS: what the API server asks when people want logs, exec and the like. */
export async function serveKubelet(options: KubeletServerOptions): Promise<KubeletServer> {
  const { host, port, serving, clientAuthorities, minVersion, log } = options
  const server = createServer({
    cert: serving.certificate,
    key: serving.key,
    ca: clientAuthorities,
    ...(minVersion && { minVersion }),
    // Those without a certificate may have a token.
    requestCert: true,
    rejectUnauthorized: false,
    maxHeaderSize: maxHeaderBytes,
  })
  const routes = new KubeletRoutes(options)
  server.on("request", (request, response) => void routes.answer(request, response))
  server.on("upgrade", (request, socket, head) => void routes.upgrade(request, socket, head))
  server.on("tlsClientError", (error) => log.debug("TLS handshake failed", { error: String(error) }))
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      server.off("error", reject)
      resolve()
    })
  })
  return {
    port: (server.address() as AddressInfo).port,
    renew: ({ certificate, key }) =>
      server.setSecureContext({ cert: certificate, key, ca: clientAuthorities }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
        routes.close()
      }),
  }
}

class KubeletRoutes {
  readonly #options: KubeletServerOptions
  readonly #authorizers = new WeakMap<Kubelet, RequestAuthorizer>()
  readonly #sockets = new Set<Duplex>()

  constructor(options: KubeletServerOptions) {
    this.#options = options
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.on("close", () => gone.abort())
    try {
      const { path, query, parts } = parse(request)
      const kubelet = this.#kubeletFor(parts)
      countServed(kubelet, { request, response, path })
      await this.#authorizerOf(kubelet).check(request, path)
      await this.#route(kubelet, { request, response, path, parts, query, signal: gone.signal })
    } catch (error) {
      this.#fail(response, error)
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const upgrade = { request, socket, head }
    this.#sockets.add(socket)
    socket.on("close", () => this.#sockets.delete(socket))
    socket.on("error", () => socket.destroy())
    try {
      const { path, query, parts } = parse(request)
      const [action = "", ...rest] = parts
      if (!["exec", "attach", "portForward"].includes(action))
        throw new HttpProblem(404, "404 page not found")
      const kubelet = this.#kubeletFor(parts)
      await this.#authorizerOf(kubelet).check(request, path)
      const disabled = findDisabled(kubelet.services.configuration, action, query)
      if (disabled !== undefined) throw new HttpProblem(405, disabled)
      await tunnelStream(kubelet, upgrade, action, rest, query)
    } catch (error) {
      const status = error instanceof HttpProblem ? error.status : 500
      refuseUpgrade(upgrade, status, `${(error as Error).message}\n`)
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #route(kubelet: Kubelet, call: Call): Promise<void> {
    const { path, parts, query, response, request, signal } = call
    const [first, ...rest] = parts
    if (first === "healthz") return text(response, await healthz(kubelet, path, query))
    if (path === "/pods") return json(response, podList(kubelet))
    if (path === "/runningpods" || path === "/runningpods/") return json(response, runningPodList(kubelet))
    if (path === "/statusz" || path === "/flagz") return this.#tellOfItself(kubelet, call)
    if (path === "/configz") return json(response, configz(kubelet))
    if (path === "/stats/summary")
      return json(response, await statsSummary(kubelet, query.get("only_cpu_and_memory") === "true"))
    if (first === "metrics") {
      const metrics = await renderMetrics(kubelet, path, processMetrics(kubelet.services.clock))
      if (metrics !== undefined) return text(response, metrics, metricsType)
    }
    const disabled = findDisabled(kubelet.services.configuration, first ?? "", query)
    if (disabled !== undefined) throw new HttpProblem(405, disabled)
    if (path.startsWith("/debug/pprof/")) return this.#profile(kubelet, call)
    if (first === "logs") return this.#nodeLogs(response, rest.join("/"), query)
    if (first === "checkpoint" && rest.length === 3 && request.method === "POST")
      return json(response, await checkpointContainer(kubelet, rest as [string, string, string], query))
    if (first === "containerLogs" && rest.length === 3)
      return stream(
        response,
        readContainerLogs(kubelet, rest as [string, string, string], query, signal),
        query.get("follow") === "true",
      )
    if (first === "run" && rest.length >= 3 && request.method === "POST")
      return text(response, await run(kubelet, rest, query))
    const other = this.#options.routes?.find(({ name }) => name === first)
    if (other) return json(response, await other.answer(request.method ?? "GET", rest, query))
    if (["exec", "attach", "portForward"].includes(first ?? ""))
      throw new HttpProblem(400, "Upgrade request required")
    throw new HttpProblem(404, "404 page not found")
  }

  async #profile({ services: { clock } }: Kubelet, call: Call): Promise<void> {
    const { query, signal, response, parts } = call
    const name = parts.slice(2).join("/")
    const { status, headers, body } = await answerProfile({ name, query, clock, signal })
    response.writeHead(status, headers).end(body)
  }

  #tellOfItself({ services: { clock } }: Kubelet, { path, request, response }: Call): void {
    const facts = {
      component: "kubelet",
      startedAtMs: clock.now() - process.uptime() * 1000,
      platform: `node ${process.version}`,
      paths: [...counted].map((name) => `/${name}`),
      flags: this.#options.flags ?? {},
    }
    const page = componentPage(path, request.headers.accept, facts, clock.now())!
    response.writeHead(page.code, pageHeaders(page)).end(page.text)
  }

  async #nodeLogs(response: ServerResponse, path: string, query: URLSearchParams): Promise<void> {
    const answer = await readNodeLogs(this.#options.nodeLogs ?? machineLogs, path, query)
    if (answer.kind === "stream") return stream(response, answer.chunks, false)
    return text(response, answer.text, answer.kind === "page" ? "text/html; charset=utf-8" : undefined)
  }

  #fail(response: ServerResponse, error: unknown): void {
    const status = error instanceof HttpProblem ? error.status : 500
    if (status === 500) this.#options.log.warn("request failed", { error })
    if (response.headersSent) return void response.destroy()
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" })
    response.end(`${(error as Error).message}\n`)
  }

  /** With several kubelets behind one server, the one that has the pod. */
  #kubeletFor([, namespace = "", podName = ""]: readonly string[]): Kubelet {
    const { kubelets } = this.#options
    const all = typeof kubelets === "function" ? kubelets() : kubelets
    const found = all.find(({ workers }) => workers.findByName(namespace, podName))
    const chosen = found ?? all[0]
    if (!chosen) throw new HttpProblem(503, "no kubelet is running")
    return chosen
  }

  #authorizerOf(kubelet: Kubelet): RequestAuthorizer {
    const { nodeName, client, configuration, clock } = kubelet.services
    const authorizer =
      this.#authorizers.get(kubelet) ?? new RequestAuthorizer({ nodeName, client, configuration, clock })
    this.#authorizers.set(kubelet, authorizer)
    return authorizer
  }
}

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  /** Without the leading slash. */
  readonly parts: readonly string[]
  readonly query: URLSearchParams
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
}

const debugging = new Set(["run", "exec", "attach", "portForward", "containerLogs", "runningpods", "debug"])

/** Why a path is not answered, as the configuration wants it. */
function findDisabled(
  configuration: KubeletConfiguration,
  first: string,
  query: URLSearchParams,
): string | undefined {
  const { enableDebuggingHandlers, enableProfilingHandler } = configuration
  const { enableSystemLogHandler, enableSystemLogQuery } = configuration
  if (debugging.has(first) && !enableDebuggingHandlers) return "Debug endpoints are disabled."
  if (first === "debug" && !enableProfilingHandler) return "profiling endpoint is disabled."
  if (first !== "logs") return undefined
  if (!enableDebuggingHandlers || !enableSystemLogHandler) return "logs endpoint is disabled."
  return query.has("query") && !enableSystemLogQuery ? "logs query endpoint is disabled." : undefined
}

/** Counted by the first part of its path when it has been answered. */
function countServed(
  { services: { metrics, clock } }: Kubelet,
  { request, response, path }: Pick<Call, "request" | "response" | "path">,
): void {
  const beganMs = clock.monotonic()
  const [, root = ""] = path.split("/")
  const isLong = ["exec", "attach", "portForward", "containerLogs"].includes(root)
  const labels = [request.method ?? "GET", counted.has(root) ? root : "other", "readwrite", String(isLong)]
  metrics.serving.add(1, ...labels)
  response.once("close", () => {
    metrics.serving.add(-1, ...labels)
    metrics.served.add(1, ...labels)
    metrics.servedDuration.observe((clock.monotonic() - beganMs) / 1000, ...labels)
  })
}

/** Others are one, so that nobody can make up series. */
const counted = new Set([
  "attach",
  "checkpoint",
  "configz",
  "containerLogs",
  "debug",
  "exec",
  "flagz",
  "healthz",
  "logs",
  "metrics",
  "pods",
  "portForward",
  "run",
  "runningpods",
  "stats",
  "statusz",
])

function parse({ url = "/" }: IncomingMessage) {
  const { pathname, searchParams } = new URL(url, "https://kubelet")
  const parts = pathname.slice(1).split("/").map(decodeURIComponent)
  return { path: pathname, query: searchParams, parts }
}

function text(response: ServerResponse, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(200, { "content-type": type, "x-content-type-options": "nosniff" })
  response.end(body)
}

function json(response: ServerResponse, body: unknown): void {
  text(response, JSON.stringify(body), "application/json")
}

/** A log that cannot be read is an error; one that is followed may have nothing to say for a while. */
async function stream(
  response: ServerResponse,
  chunks: AsyncIterable<Uint8Array>,
  mayWait: boolean,
): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]()
  const begin = () => {
    response.writeHead(200, { "content-type": "text/plain" })
    response.flushHeaders()
  }
  if (mayWait) begin()
  let next = await iterator.next()
  if (!mayWait) begin()
  for (; !next.done; next = await iterator.next()) {
    if (response.destroyed) return void (await iterator.return?.())
    if (!response.write(next.value)) await drained(response)
  }
  response.end()
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("drain", resolve)
    response.once("close", resolve)
  })
}

async function run(kubelet: Kubelet, parts: readonly string[], query: URLSearchParams): Promise<string> {
  const [namespace = "", podName = ""] = parts
  const container = runningContainerOf(podOf(kubelet, namespace, podName), parts.at(-1) ?? "")
  const command = (query.get("cmd") ?? "").split(" ")
  const { stdout, stderr } = await kubelet.services.runtime.execSync(container.id, command, 0)
  return Buffer.concat([stdout, stderr]).toString()
}
