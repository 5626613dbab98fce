import { createServer, type IncomingMessage, type ServerResponse } from "node:http"

export interface PageRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** The header of this name: in which forms the page may come. */
  readonly accept?: string | undefined
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal
}

export interface Page {
  /** @default 200 */
  readonly code?: number
  readonly contentType: string
  readonly text: string
  /** For the header of this name. */
  readonly warning?: string
}

/** What is no page to read: with headers of its own. */
export interface RawPage {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

/** What is there; undefined: nothing. */
export type Pages = (request: PageRequest) => Page | RawPage | undefined | Promise<Page | RawPage | undefined>

export function plainPage(text: string, code = 200): Page {
  return { code, contentType: "text/plain; charset=utf-8", text }
}

export function pageHeaders({ contentType, warning }: Page): Record<string, string> {
  return { "content-type": contentType, "x-content-type-options": "nosniff", ...(warning && { warning }) }
}

export function readPageRequest(request: IncomingMessage, response: ServerResponse): PageRequest {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://page")
  const gone = new AbortController()
  response.on("close", () => gone.abort())
  return {
    method: request.method ?? "GET",
    path: pathname,
    query: searchParams,
    accept: request.headers.accept,
    signal: gone.signal,
  }
}

/** Answers with the page, or that there is none. */
export async function answerWithPage(
  request: PageRequest,
  response: ServerResponse,
  pages: Pages,
): Promise<void> {
  const page = (await pages(request)) ?? plainPage("404 page not found\n", 404)
  const [code, headers, body] =
    "body" in page ? [page.status, page.headers, page.body] : [page.code ?? 200, pageHeaders(page), page.text]
  response.writeHead(code, headers).end(request.method === "HEAD" ? undefined : body)
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
    void answerWithPage(readPageRequest(request, response), response, pages).catch((error: unknown) => {
      response.writeHead(500, { "content-type": "text/plain; charset=utf-8" }).end(`${String(error)}\n`)
    })
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
