import type { TLSSocket } from "node:tls"
import { requestEntityTooLarge } from "../../apimachinery/status-errors.ts"
import { type Headers, noBody, type RequestBody, type ServerRequest } from "../http/request.ts"
import type { AnyRequest } from "./serve-https.ts"

/** A request from a socket as the server sees it. Its body is read only when a handler asks for it. */
export function toServerRequest(request: AnyRequest, signal: AbortSignal): ServerRequest {
  const url = withoutOrigin(request.url ?? "/")
  const mark = url.indexOf("?")
  const query = mark < 0 ? "" : url.slice(mark + 1)
  const socket = request.socket as TLSSocket
  const certificates = peerCertificates(socket)
  return {
    method: request.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: new URLSearchParams(query),
    rawQuery: query,
    headers: headersOf(request),
    body: bodyOf(request),
    ...(certificates && { peerCertificates: certificates }),
    ...(socket.remoteAddress && { remoteAddress: socket.remoteAddress }),
    signal,
  }
}

/** A server must also take what proxies are sent: "GET https://server/api". */
function withoutOrigin(url: string): string {
  if (url.startsWith("/")) return url
  const slash = /^https?:\/\/[^/?]*/i.exec(url)
  return slash ? url.slice(slash[0].length) || "/" : url
}

/**
 * As Node.js gives them, but for those whose values are told apart by their lines because they may hold commas: groups and
 * extra fields of users.
 */
function headersOf({ headers, rawHeaders }: AnyRequest): Headers {
  const names = new Set(Object.keys(headers).filter((name) => repeatable.test(name)))
  if (names.size === 0) return headers
  const lines: Record<string, string[]> = {}
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase()
    if (names.has(name)) (lines[name] ??= []).push(rawHeaders[index + 1]!)
  }
  return { ...headers, ...lines }
}

const repeatable = /^(impersonate|x-remote)-(group$|extra-)/

function bodyOf(request: AnyRequest): RequestBody {
  const { headers, method } = request
  const isEmpty = headers["content-length"] === "0"
  const mayHaveBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined
  const isHttp2 = request.httpVersionMajor === 2
  if (isEmpty || (!mayHaveBody && (!isHttp2 || method === "GET" || method === "HEAD"))) return noBody
  return { kind: "bytes", read: (limitBytes) => readAll(request, limitBytes), stream: () => request }
}

/** By events: iterating over a request costs more than reading the body of most. */
function readAll(request: AnyRequest, limitBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const announced = Number(request.headers["content-length"] ?? 0)
    if (announced > limitBytes) throw tooLarge(limitBytes)
    if (request.destroyed) throw endedEarly()
    const chunks: Uint8Array[] = []
    let length = 0
    request.on("data", (chunk: Uint8Array) => {
      length += chunk.length
      if (length <= limitBytes) chunks.push(chunk)
      else {
        request.destroy()
        reject(tooLarge(limitBytes))
      }
    })
    request.on("end", () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on("error", reject)
    request.on("close", () => {
      if (!request.readableEnded) reject(endedEarly())
    })
  })
}

function endedEarly(): Error {
  return new Error("the request ended before all of its body had come")
}

function tooLarge(limitBytes: number): Error {
  return requestEntityTooLarge(`limit is ${limitBytes}`)
}

// One array per connection: the verdict on it is remembered by identity.
const known = new WeakMap<TLSSocket, readonly Uint8Array[] | null>()

function peerCertificates(socket: TLSSocket): readonly Uint8Array[] | undefined {
  let chain = known.get(socket)
  if (chain === undefined) known.set(socket, (chain = readChain(socket)))
  return chain ?? undefined
}

function readChain(socket: TLSSocket): readonly Uint8Array[] | null {
  if (typeof socket.getPeerCertificate !== "function") return null
  const chain: Uint8Array[] = []
  let certificate = socket.getPeerCertificate(true)
  while (certificate?.raw && !chain.some((each) => certificate.raw.equals(each))) {
    chain.push(certificate.raw)
    certificate = certificate.issuerCertificate
  }
  return chain.length > 0 ? chain : null
}
