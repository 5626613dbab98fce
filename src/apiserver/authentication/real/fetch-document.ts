import { get } from "node:https"
import type { FetchDocument } from "../jwt/issuer-keys.ts"
import { trust } from "../../../base/real/trust.ts"

const timeoutMs = 30_000
const maxBytes = 1 << 20

/** JSON over HTTPS; redirects are not followed: what an issuer publishes stands where it says. */
export const fetchDocument: FetchDocument = (url, certificateAuthority) =>
  new Promise((resolve, reject) => {
    const options = {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(timeoutMs),
      ...(certificateAuthority && trust(certificateAuthority)),
    }
    const request = get(url, options, (response) => {
      const chunks: Buffer[] = []
      let length = 0
      response.on("data", (chunk: Buffer) => {
        length += chunk.length
        if (length > maxBytes) request.destroy(new Error(`${url} is longer than ${maxBytes} bytes`))
        else chunks.push(chunk)
      })
      response.on("error", reject)
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8")
        if (response.statusCode !== 200)
          return reject(
            new Error(`Get ${JSON.stringify(url)}: ${response.statusCode} ${response.statusMessage}`),
          )
        try {
          resolve(JSON.parse(text))
        } catch (error) {
          reject(new Error(`Get ${JSON.stringify(url)}: ${(error as Error).message}`))
        }
      })
    })
    request.on("error", reject)
  })
