import { request as httpRequest } from "node:http"
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

/**
 * GETs a URL, following redirects within the same host as probes do; resolves to the status code (3xx where a redirect
 * leads elsewhere). Certificates are not checked. Rejects as node's http does, or with the signal's reason.
 */
export async function httpStatus(target: HttpTarget, signal: AbortSignal): Promise<number> {
  let { url } = target
  for (let redirects = 0; ; redirects++) {
    const { status, location } = await getOnce({ ...target, url }, signal)
    if (status < 300 || status >= 400 || !location) return status
    const next = new URL(location, url)
    if (next.hostname !== target.url.hostname) return status
    if (redirects === maxRedirects) throw new Error(`stopped after ${maxRedirects} redirects`)
    url = next
  }
}

function getOnce(
  { url, headers }: HttpTarget,
  signal: AbortSignal,
): Promise<{ status: number; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const options = { method: "GET", headers, signal, agent: false as const, rejectUnauthorized: false }
    const request = url.protocol === "https:" ? httpsRequest(url, options) : httpRequest(url, options)
    request.once("error", reject)
    request.once("response", (response) => {
      resolve({ status: response.statusCode ?? 0, location: response.headers.location })
      // The body is of no interest.
      response.destroy()
    })
    request.end()
  })
}
