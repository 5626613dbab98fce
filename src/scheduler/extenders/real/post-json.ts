import { readFileSync } from "node:fs"
import { request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import type { ExtenderConfiguration, ExtenderTls, PostJson } from "../http-extender.ts"

const defaultTimeoutMs = 5000

/** Over HTTP, or HTTPS where the URL or the configuration says so. */
export function postJsonTo({ tlsConfig = {}, enableHTTPS, httpTimeoutMs }: ExtenderConfiguration): PostJson {
  const tls = tlsOptions(tlsConfig, enableHTTPS ?? false)
  return (url, body, signal) =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify(body)
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
      const timeout = httpTimeoutMs || defaultTimeoutMs
      const options = { method: "POST", headers, signal, timeout, ...tls }
      const send = url.startsWith("https:") ? httpsRequest : httpRequest
      const request = send(url, options, (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () => {
          if (response.statusCode !== 200)
            return reject(
              new Error(
                `failed ${url.split("/").pop()} with extender at URL ${url}, code ${response.statusCode}`,
              ),
            )
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString()))
          } catch (error) {
            reject(error)
          }
        })
      })
      request.on("timeout", () => request.destroy(new Error(`no answer from ${url} within ${timeout} ms`)))
      request.on("error", reject)
      request.end(text)
    })
}

function tlsOptions(tls: ExtenderTls, enableHttps: boolean) {
  const read = (data: string | undefined, file: string | undefined) =>
    data ? Buffer.from(data, "base64") : file ? readFileSync(file) : undefined
  const ca = read(tls.caData, tls.caFile)
  const cert = read(tls.certData, tls.certFile)
  const key = read(tls.keyData, tls.keyFile)
  return {
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(tls.serverName && { servername: tls.serverName }),
    // Without a word on whom to trust, upstream trusts whoever answers.
    rejectUnauthorized: !(tls.insecure || (enableHttps && !ca)),
  }
}
