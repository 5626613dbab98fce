import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import type { Duplex } from "node:stream"
import { buffer } from "node:stream/consumers"
import { type RawHeaders, withHalves } from "./incoming-upgrade.ts"

export interface UpgradeTarget {
  readonly url: URL
  /** @default "POST" */
  readonly method?: string
  /** `Connection` and `Upgrade` included. */
  readonly headers: OutgoingHttpHeaders
  readonly tls?: TlsIdentity
  readonly signal?: AbortSignal
}

/** How to prove who we are, and whom to trust; all in PEM. */
export interface TlsIdentity {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** The name to expect in the server's certificate, where it is not the URL's. */
  readonly servername?: string
  /** False trusts whoever answers. @default true */
  readonly rejectUnauthorized?: boolean
}

export type UpgradeAnswer =
  | {
      readonly kind: "upgraded"
      readonly headers: IncomingHttpHeaders
      readonly rawHeaders: RawHeaders
      readonly socket: Duplex
    }
  | {
      readonly kind: "refused"
      readonly status: number
      readonly headers: IncomingHttpHeaders
      readonly rawHeaders: RawHeaders
      readonly body: Buffer
    }

/** Asks a server to change the protocol. Rejects when it cannot be reached. */
export function dialUpgrade(target: UpgradeTarget): Promise<UpgradeAnswer> {
  const { url, method = "POST", headers, tls, signal } = target
  const options = { method, headers, agent: false, ...(signal && { signal }) } as const
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:" ? httpsRequest(url, { ...options, ...tls }) : httpRequest(url, options)
    request.on("error", reject)
    request.on("upgrade", (response, socket, head) => {
      // An error after this is the business of whoever reads.
      socket.on("error", () => {})
      if (head.length > 0) socket.unshift(head)
      const { headers: answered, rawHeaders } = response
      resolve({ kind: "upgraded", headers: answered, rawHeaders, socket: withHalves(socket) })
    })
    request.on("response", (response) => {
      const { statusCode: status = 500, headers: answered, rawHeaders } = response
      buffer(response).then(
        (body) => resolve({ kind: "refused", status, headers: answered, rawHeaders, body }),
        reject,
      )
    })
    request.end()
  })
}
