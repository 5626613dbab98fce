import * as http from "node:http"
import * as https from "node:https"
import { ConnectionError } from "../transport.ts"
import { type Connection, tlsOptions } from "./connection.ts"

/** A request as it goes out on the wire, and its answer while it comes in. */
export interface WireRequest {
  readonly method: string
  /** With query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
}

export interface WireResponse {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: AsyncIterable<Uint8Array>
}

/** HTTP/1.1 with connections kept open: the fastest way for plain requests. */
export class Http1 {
  readonly #server: URL
  readonly #agent: http.Agent

  constructor(connection: Connection) {
    this.#server = new URL(connection.server)
    const options = { keepAlive: true, keepAliveMsecs: 30_000 }
    this.#agent =
      this.#server.protocol === "http:"
        ? new http.Agent(options)
        : new https.Agent({ ...options, ...tlsOptions(connection), ALPNProtocols: ["http/1.1"] })
  }

  async send(request: WireRequest): Promise<WireResponse> {
    try {
      return await this.#once(request)
    } catch (error) {
      // The server may close a kept connection just as we use it; it has not seen the request then.
      if (error instanceof ReusedConnectionError) return this.#once(request)
      throw error
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #once(request: WireRequest): Promise<WireResponse> {
    const { method, path, body, signal } = request
    const headers = body ? { ...request.headers, "content-length": String(body.length) } : request.headers
    const { request: open } = this.#server.protocol === "http:" ? http : https
    return new Promise((resolve, reject) => {
      const outgoing = open(
        new URL(path, this.#server),
        { method, headers, agent: this.#agent, ...(signal && { signal }) },
        (incoming) =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: incoming }),
      )
      outgoing.on("error", (error: NodeJS.ErrnoException) => reject(this.#explain(error, outgoing, signal)))
      outgoing.end(body)
    })
  }

  #explain(
    error: NodeJS.ErrnoException,
    outgoing: http.ClientRequest,
    signal: AbortSignal | undefined,
  ): Error {
    if (signal?.aborted) return error
    if (outgoing.reusedSocket && error.code === "ECONNRESET") return new ReusedConnectionError()
    return new ConnectionError(error.code ?? "", `${this.#server.origin}: ${error.message}`, error)
  }
}

class ReusedConnectionError extends Error {
  override readonly name = "ReusedConnectionError"
}
