import { type IncomingMessage, request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import type { HTTPGetAction } from "../../../api/core/v1/probe.ts"

/** What an HTTP probe or hook asks for, with its port resolved. */
export interface HttpTarget {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

export function httpTarget(
  action: HTTPGetAction,
  port: number,
  podIp: string,
  userAgent: string,
): HttpTarget {
  const host = action.host || podIp
  const path = action.path || "/"
  const scheme = (action.scheme ?? "HTTP").toLowerCase()
  const authority = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`
  const headers: Record<string, string> = { "User-Agent": userAgent, Accept: "*/*", Connection: "close" }
  for (const { name, value } of action.httpHeaders ?? []) {
    // An empty value takes a default away.
    const known = Object.keys(headers).find((key) => key.toLowerCase() === name.toLowerCase())
    if (known) delete headers[known]
    if (value !== "") headers[name] = value
  }
  return { url: new URL(`${scheme}://${authority}${path.startsWith("/") ? path : `/${path}`}`), headers }
}

const maxRedirects = 10

export interface HttpAnswer {
  readonly status: number
  /** Of redirects alone: nothing else of it is told. */
  readonly body: string
}

/**
 * GETs a URL, following redirects within the same host as probes do; resolves to the last answer (3xx where a redirect
 * leads elsewhere). Certificates are not checked. Rejects as node's http does, or with the signal's reason.
 */
export async function getFollowing(target: HttpTarget, signal: AbortSignal): Promise<HttpAnswer> {
  let { url } = target
  for (let redirects = 0; ; redirects++) {
    const { location, ...answer } = await getOnce({ ...target, url }, signal)
    if (!isRedirect(answer.status) || !location) return answer
    const next = new URL(location, url)
    if (next.hostname !== target.url.hostname) return answer
    if (redirects === maxRedirects) throw new Error(`stopped after ${maxRedirects} redirects`)
    url = next
  }
}

function getOnce(
  { url, headers }: HttpTarget,
  signal: AbortSignal,
): Promise<HttpAnswer & { location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const options = { method: "GET", headers, signal, agent: false as const, rejectUnauthorized: false }
    const request = url.protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options)
    request.once("error", reject)
    request.once("response", (response) => {
      const status = response.statusCode ?? 0
      const { location } = response.headers
      if (isRedirect(status))
        return void readStart(response).then((body) => resolve({ status, location, body }), reject)
      resolve({ status, location, body: "" })
      // The body is of no interest.
      response.destroy()
    })
    request.end()
  })
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400
}

const maxBodyBytes = 10 << 10

async function readStart(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= maxBodyBytes) break
  }
  return Buffer.concat(chunks).subarray(0, maxBodyBytes).toString()
}
