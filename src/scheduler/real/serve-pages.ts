import { createServer } from "node:http"
import { schedulerPage } from "../pages.ts"
import type { Scheduler } from "../scheduler.ts"

/**
 * Serves what the scheduler tells of itself, and whether it lives, at "ADDR:PORT". Whoever can reach the address can read
 * it: name one that only those can who may.
 *
 * @param leading undefined while another instance is the leader
 */
export function servePages(
  address: string,
  leading: () => Scheduler | undefined,
): Promise<{ readonly port: number; close(): void }> {
  const at = address.lastIndexOf(":")
  const [host, port] = [address.slice(0, at).replace(/^\[|\]$/g, ""), Number(address.slice(at + 1))]
  const server = createServer((request, response) => {
    const path = (request.url ?? "/")
      .split("?")[0]!
      .split("/")
      .filter((part) => part !== "")
    const isProbe = path.length === 1 && ["healthz", "livez", "readyz"].includes(path[0]!)
    const scheduler = leading()
    const page = isProbe
      ? { contentType: "text/plain", text: "ok" }
      : scheduler && schedulerPage(scheduler, path)
    if (request.method !== "GET" || !page) {
      response.writeHead(request.method === "GET" ? 404 : 405).end()
      return
    }
    response.writeHead(200, { "content-type": page.contentType }).end(page.text)
  })
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => {
      const bound = server.address()
      resolve({
        port: typeof bound === "object" && bound ? bound.port : port,
        close() {
          server.closeAllConnections()
          server.close()
        },
      })
    })
  })
}
