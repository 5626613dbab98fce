import { createServer } from "node:http"

export interface Page {
  /** @default 200 */
  readonly code?: number
  readonly contentType: string
  readonly text: string
  /** For the header of this name. */
  readonly warning?: string
}

/** What is there to read at a path, in a form that `accept`, the request's header, allows; undefined: nothing. */
export type Pages = (path: string, accept?: string) => Page | undefined

export function pageHeaders({ contentType, warning }: Page): Record<string, string> {
  return { "content-type": contentType, "x-content-type-options": "nosniff", ...(warning && { warning }) }
}

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
    const page = pages(url.split("?")[0]!, request.headers.accept)
    if (!page) return response.writeHead(404).end()
    response.writeHead(page.code ?? 200, pageHeaders(page))
    return response.end(method === "HEAD" ? undefined : page.text)
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
