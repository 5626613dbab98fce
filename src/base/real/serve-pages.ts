import { createServer } from "node:http"

export interface Page {
  readonly code: number
  readonly contentType: string
  readonly text: string
}

/** A path to what is there to read. */
export type Pages = Readonly<Record<string, () => Page>>

/** Serves a few pages to read, to whoever asks. Rejects when the port is taken. */
export function servePages(
  { host, port }: { readonly host: string; readonly port: number },
  pages: Pages,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((request, response) => {
    const page = pages[request.url?.split("?")[0] ?? ""]?.()
    if (!page) return response.writeHead(404).end()
    response.writeHead(page.code, { "content-type": page.contentType, "x-content-type-options": "nosniff" })
    return response.end(request.method === "HEAD" ? undefined : page.text)
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
