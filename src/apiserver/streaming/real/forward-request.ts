import { type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { describeNetworkError } from "../../../base/real/describe-network-error.ts"
import { describeTlsError } from "../../../base/real/describe-tls-error.ts"
import type { TlsIdentity } from "../../../base/real/http-upgrade/dial-upgrade.ts"
import { serviceUnavailable } from "../../../apimachinery/status-errors.ts"
import { headerOf, type ServerRequest } from "../../http/request.ts"
import { type ServerResponse, textResponse } from "../../http/response.ts"
import type { BackendTarget, ProxiedOrigin } from "../backends.ts"
import { rewriteLocation } from "../rewrite-links.ts"
import { connectionHeaders, forwardedHeaders } from "./forwarded-headers.ts"
import { rewrittenPage } from "./rewritten-page.ts"

export interface SentRequest {
  readonly url: URL
  readonly method: string
  readonly headers: OutgoingHttpHeaders
  readonly tls: TlsIdentity
  readonly signal?: AbortSignal
  readonly body?: AsyncIterable<Uint8Array>
}

/** One request; resolves with the head of its answer. */
export function sendRequest({ url, tls, body, ...options }: SentRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:" ? httpsRequest(url, { ...options, ...tls }) : httpRequest(url, options)
    request.once("error", reject)
    request.once("response", (response) => {
      // Told by whoever reads.
      response.on("error", () => {})
      resolve(response)
    })
    if (body) pipeline(Readable.from(body), request).catch(reject)
    else request.end()
  })
}

/** A request of a client passed on, and the answer passed back with its links leading through this server. */
export async function forwardRequest(
  request: ServerRequest,
  { url, extension }: BackendTarget,
  tls: TlsIdentity,
  origin: ProxiedOrigin,
): Promise<ServerResponse> {
  const { body, method, signal } = request
  const chunks = body.kind === "bytes" ? body.stream?.() : undefined
  const headers: OutgoingHttpHeaders = {
    ...forwardedHeaders(request),
    ...extension?.headers,
    host: origin.host || url.host,
    "x-forwarded-uri": origin.prefix + url.pathname,
  }
  let response: IncomingMessage
  try {
    response = await sendRequest({ url, tls, method, headers, signal, ...(chunks && { body: chunks }) })
  } catch (error) {
    throw serviceUnavailable(`error trying to reach service: ${describe(error as Error, url, tls)}`)
  }
  const isRedirect = response.statusCode! >= 300 && response.statusCode! <= 399
  // Whoever claims a group of the API must not lead its clients, and their credentials, elsewhere.
  if (extension && isRedirect && response.headers.location) {
    response.destroy()
    return textResponse(502, "the backend attempted to redirect this request, which is not permitted")
  }
  return passBack(response, url, origin)
}

function describe(error: Error, url: URL, tls: TlsIdentity): string {
  const name = tls.servername ?? url.hostname
  return describeTlsError(error, name) ?? describeNetworkError(error, url.hostname, url.port)
}

function passBack(response: IncomingMessage, url: URL, origin: ProxiedOrigin): ServerResponse {
  const headers = backHeaders(response)
  const status = response.statusCode ?? 502
  const location = headerOf(headers, "location")
  if (location) headers["location"] = rewriteLocation(location, url, origin)
  const type = headerOf(headers, "content-type").split(";")[0]!.trim()
  const encoding = headerOf(headers, "content-encoding")
  if (location || type !== "text/html" || !["", "gzip", "deflate"].includes(encoding))
    return { status, headers, body: { kind: "stream", chunks: response as AsyncIterable<Uint8Array> } }
  delete headers["content-length"]
  return { status, headers, body: { kind: "stream", chunks: rewrittenPage(response, encoding, url, origin) } }
}

/** Which other sites may read an answer is for this server to say. */
const corsHeaders: ReadonlySet<string> = new Set(
  ["credentials", "headers", "methods", "origin"].map((what) => `access-control-allow-${what}`),
)

function backHeaders(response: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined && !connectionHeaders.has(name) && !corsHeaders.has(name)) headers[name] = value
  return headers
}
