import { createServer } from "node:http"

export interface Page {
  /** @default 200 */
  readonly code?: number
  readonly contentType: string
  readonly text: string
}

/** What is there to read at a path; undefined: nothing. */
export type Pages = (path: string) => Page | undefined

/**
 * Serves a few pages to read, to whoever can reach the address: name one that only those can who may. Rejects when the port
 * is taken.
 */
export function servePages(
  { host, port }: { readonly host: string; readonly port: number },
  pages: Pages,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const { method, url = "/" } = request
    if (method !== "GET" && method !== "HEAD") return response.writeHead(405).end()
    const page = pages(url.split("?")[0]!)
    if (!page) return response.writeHead(404).end()
    const { code = 200, contentType, text } = page
    response.writeHead(code, { "content-type": contentType, "x-content-type-options": "nosniff" })
    return response.end(method === "HEAD" ? undefined : text)
  })
  server.unref()
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      resolve({
        port: (server.address() as { port: number }).port,
        close() {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}
