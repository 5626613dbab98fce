import * as http2 from "node:http2"
import type { Clock, Timer } from "../../base/clock.ts"
import { ConnectionError } from "../transport.ts"
import { type Connection, tlsOptions } from "./connection.ts"
import type { WireRequest, WireResponse } from "./http1.ts"

/**
 * All watches on one HTTP/2 connection: it carries about ten times the events per second that a connection per watch
 * does. A connection that went silent is noticed by a ping and replaced, which its watches see as their end.
 */
export class Http2 {
  readonly #connection: Connection
  readonly #clock: Clock
  #session: Promise<http2.ClientHttp2Session> | undefined
  #ping: Timer | undefined

  constructor(connection: Connection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  /** Undefined when the server does not speak HTTP/2. */
  async send(request: WireRequest): Promise<WireResponse | undefined> {
    const session = await this.#connected()
    if (session.alpnProtocol !== "h2") {
      session.destroy()
      return undefined
    }
    const stream = session.request(
      { ":method": request.method, ":path": request.path, ...request.headers },
      request.signal ? { signal: request.signal } : {},
    )
    stream.end(request.body)
    return new Promise((resolve, reject) => {
      stream.once("response", (headers) =>
        resolve({ status: Number(headers[":status"]), headers: headers, body: stream }),
      )
      stream.once("error", (error: NodeJS.ErrnoException) => reject(this.#explain(error)))
      stream.once("close", () => reject(new ConnectionError("ECONNRESET", "the stream was closed")))
    })
  }

  close(): void {
    this.#ping?.cancel()
    void this.#session?.then(
      (session) => session.destroy(),
      () => {},
    )
    this.#session = undefined
  }

  #connected(): Promise<http2.ClientHttp2Session> {
    this.#session ??= new Promise((resolve, reject) => {
      const session = http2.connect(new URL(this.#connection.server).origin, {
        ...tlsOptions(this.#connection),
        ALPNProtocols: ["h2", "http/1.1"],
        settings: { initialWindowSize: 1 << 20, enablePush: false },
      })
      const forget = () => {
        this.#ping?.cancel()
        this.#session = undefined
      }
      session.once("connect", () => {
        session.setLocalWindowSize(1 << 22)
        session.unref()
        this.#keepAlive(session)
        resolve(session)
      })
      session.once("close", forget)
      session.once("goaway", forget)
      session.on("error", (error: NodeJS.ErrnoException) => {
        forget()
        reject(this.#explain(error))
      })
    })
    return this.#session
  }

  /** Asks every 30 s whether the other side still lives, as client-go does. */
  #keepAlive(session: http2.ClientHttp2Session): void {
    this.#ping = this.#clock.after(30_000, () => {
      if (session.destroyed) return
      const dead = this.#clock.after(15_000, () => session.destroy(new Error("ping timed out")))
      session.ping(() => dead.cancel())
      this.#keepAlive(session)
    })
  }

  #explain(error: NodeJS.ErrnoException): Error {
    return new ConnectionError(error.code ?? "", `${this.#connection.server}: ${error.message}`, error)
  }
}
