import type { Clock } from "../../../base/clock.ts"
import type { Logger } from "../../../base/log.ts"
import { describeNetworkError } from "../../../base/real/describe-network-error.ts"
import { describeTlsError } from "../../../base/real/describe-tls-error.ts"
import type { TlsIdentity } from "../../../base/real/http-upgrade/dial-upgrade.ts"
import type { IncomingUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import {
  offeredInWebSocket,
  tunnelInWebSocket,
} from "../../../base/real/http-upgrade/tunnel-in-web-socket.ts"
import { tunnelUpgrade } from "../../../base/real/http-upgrade/tunnel-upgrade.ts"
import { StatusError } from "../../../apimachinery/status-error.ts"
import { offersNewestWebSocket, relayCommand } from "../../../client/real/remote-command/relay-command.ts"
import type { ServerRequest } from "../../http/request.ts"
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
    if (target.takesWebSockets || !offersNewestWebSocket(upgrade)) return this.connect(request, target)
    const { url } = target
    const relayed = await relayCommand(upgrade, {
      target: { url, tls: this.#identity(target) },
      command: options,
      describe: (error) => dialingError(error, url).message,
    })
    this.#goOn("exec", relayed.ended)
  }

  async connectPortForward(request: ServerRequest, target: BackendTarget): Promise<void> {
    const upgrade = upgradeOf(request)
    if (target.takesWebSockets || offeredInWebSocket(upgrade).length === 0)
      return this.connect(request, target)
    const tunnel = tunnelInWebSocket(upgrade, { url: target.url, tls: this.#identity(target) })
    this.#goOn("port-forward", (await dialing(tunnel, target)).ended)
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
