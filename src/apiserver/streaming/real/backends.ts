import type { Readable, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { describeNetworkError } from "../../../base/real/describe-network-error.ts"
import { describeTlsError } from "../../../base/real/describe-tls-error.ts"
import { dialUpgrade, type TlsIdentity } from "../../../base/real/http-upgrade/dial-upgrade.ts"
import { type IncomingUpgrade, isWebSocketUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { relayRefusal, splice, tunnelUpgrade } from "../../../base/real/http-upgrade/tunnel-upgrade.ts"
import { acceptWebSocket, offeredProtocols, webSocketDuplex } from "../../../base/real/websocket.ts"
import { StatusError } from "../../../apimachinery/status-error.ts"
import type { AcceptedCommand } from "../../../client/real/remote-command/accept-command.ts"
import { acceptWebSocketCommand } from "../../../client/real/remote-command/accept-web-socket-command.ts"
import { connectCommand } from "../../../client/real/remote-command/connect-command.ts"
import type { CommandResult } from "../../../client/real/remote-command/protocol.ts"
import { headerOf, type ServerRequest } from "../../http/request.ts"
import type { Backends, BackendTarget, CommandStreamOptions } from "../backends.ts"
import { forwardRequest, sendRequest } from "./forward-request.ts"
import { forwardedHeaders } from "./forwarded-headers.ts"
import { trust } from "../../../base/real/trust.ts"

export interface BackendOptions {
  /** How the server proves itself to kubelets, and whom it trusts as one; asked for each connection. */
  readonly kubeletIdentity: () => TlsIdentity
  /** How it proves itself to extension API servers; without it they are asked as nobody. */
  readonly frontProxyIdentity?: () => TlsIdentity
  readonly clock: Clock
  readonly log: Logger
}

const tunnelPrefix = "SPDY/3.1+"

/** Kubelets, pods and Services over the network. */
export function createBackends(options: BackendOptions): Backends {
  return new NetworkBackends(options)
}

class NetworkBackends implements Backends {
  readonly #options: BackendOptions

  constructor(options: BackendOptions) {
    this.#options = options
  }

  async connectCommand(
    request: ServerRequest,
    target: BackendTarget,
    options: CommandStreamOptions,
  ): Promise<void> {
    const upgrade = upgradeOf(request)
    const isNewest = isWebSocketUpgrade(upgrade) && offeredProtocols(upgrade).includes("v5.channel.k8s.io")
    if (!isNewest) return this.connect(request, target)
    const accepted = await acceptWebSocketCommand(upgrade, options, ["v5.channel.k8s.io"])
    if (!accepted) return
    const { url } = target
    this.#goOn("exec", relayCommand(accepted, { url, tls: this.#identity(target) }, options))
  }

  async connectPortForward(request: ServerRequest, target: BackendTarget): Promise<void> {
    const upgrade = upgradeOf(request)
    const tunnelled = isWebSocketUpgrade(upgrade)
      ? offeredProtocols(upgrade)
          .filter((protocol) => protocol.startsWith(tunnelPrefix) && protocol.endsWith(".k8s.io"))
          .map((protocol) => protocol.slice(tunnelPrefix.length))
      : []
    if (tunnelled.length === 0) return this.connect(request, target)
    const headers = { Connection: "Upgrade", Upgrade: "SPDY/3.1", "X-Stream-Protocol-Version": tunnelled }
    const answer = await dialing(
      dialUpgrade({ url: target.url, headers, tls: this.#identity(target) }),
      target,
    )
    if (answer.kind === "refused") return relayRefusal(upgrade, answer)
    const chosen = headerOf(answer.headers, "x-stream-protocol-version")
    try {
      const webSocket = await acceptWebSocket(upgrade, chosen ? `${tunnelPrefix}${chosen}` : "")
      this.#goOn("port-forward", splice(await webSocketDuplex(webSocket), answer.socket))
    } catch {
      // The client's handshake was malformed, and it has been told.
      answer.socket.destroy()
    }
  }

  async connect(request: ServerRequest, target: BackendTarget): Promise<void> {
    const upgrade = upgradeOf(request)
    const tunnel = tunnelUpgrade(upgrade, {
      url: target.url,
      method: request.method,
      headers: { ...forwardedHeaders(request, { keepUpgrade: true }), ...target.extension?.headers },
      tls: this.#identity(target),
    })
    this.#goOn("upgrade", (await dialing(tunnel, target)).ended)
  }

  async fetch(target: BackendTarget, signal: AbortSignal) {
    const response = await dialing(
      sendRequest({
        url: target.url,
        method: "GET",
        headers: target.extension?.headers ?? {},
        tls: this.#identity(target),
        signal,
      }),
      target,
    )
    const contentType = response.headers["content-type"] ?? "text/plain"
    return { status: response.statusCode ?? 500, contentType, chunks: response as AsyncIterable<Uint8Array> }
  }

  forward(request: ServerRequest, target: BackendTarget, origin: Parameters<Backends["forward"]>[2]) {
    return forwardRequest(request, target, this.#identity(target), origin)
  }

  /** Only kubelets hold certificates of ours; pods that speak TLS hold any. */
  #identity({ isKubelet, insecure, extension }: BackendTarget): TlsIdentity {
    if (extension) {
      const { serverName, caPem, insecureSkipVerify } = extension
      return {
        ...this.#options.frontProxyIdentity?.(),
        servername: serverName,
        ...(caPem !== undefined && trust(caPem)),
        ...(insecureSkipVerify && { rejectUnauthorized: false }),
      }
    }
    if (!isKubelet) return { rejectUnauthorized: false }
    return { ...this.#options.kubeletIdentity(), ...(insecure && { rejectUnauthorized: false }) }
  }

  #goOn(what: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#options.log.debug(`${what} broke`, { error: String(error) }))
  }
}

/** WebSocket on one side, SPDY on the other, until the command has ended or the client has gone. */
async function relayCommand(
  accepted: AcceptedCommand,
  target: { readonly url: URL; readonly tls: TlsIdentity },
  options: CommandStreamOptions,
): Promise<void> {
  const answer = await connectCommand(target, options).catch((error: unknown) =>
    dialingError(error, target.url),
  )
  if (answer instanceof StatusError) return accepted.finish({ error: answer.message })
  if (answer.kind === "refused") {
    const error = `unable to upgrade connection: ${answer.body.toString("utf8")}`
    return accepted.finish({ error })
  }
  const { command } = answer
  const { streams } = accepted
  streams.signal.addEventListener("abort", () => command.close(), { once: true })
  if (streams.signal.aborted) command.close()
  // Neither end of the input tells anything: the command may stop reading, the client may stop writing.
  void relay(streams.stdin, command.stdin)
  void relaySizes(streams.terminalSizes, command)
  const outputs = [relay(command.stdout, streams.stdout), relay(command.stderr, streams.stderr)]
  const result: CommandResult = await command.result
  await Promise.all(outputs)
  await accepted.finish(result)
  command.close()
}

async function relay(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (from && to) await pipeline(from, to).catch(() => {})
}

async function relaySizes(
  sizes: AcceptedCommand["streams"]["terminalSizes"],
  command: { resize(size: { width: number; height: number }): void },
): Promise<void> {
  for await (const size of sizes) command.resize(size)
}

function upgradeOf({ upgrade }: ServerRequest): IncomingUpgrade {
  return upgrade as IncomingUpgrade
}

async function dialing<T>(work: Promise<T>, { url, extension }: BackendTarget): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw dialingError(error, url, extension?.serverName)
  }
}

function dialingError(error: unknown, url: URL, serverName = url.hostname): StatusError {
  const failure = error instanceof Error ? error : new Error(String(error))
  const message =
    describeTlsError(failure, serverName) ?? describeNetworkError(failure, url.hostname, url.port)
  return new StatusError("Unknown", `error dialing backend: ${message}`, { code: 500, cause: error })
}
