import { createServer, type Server } from "node:http"
import { createSecureServer, type Http2SecureServer } from "node:http2"
import type { Server as NetServer, Socket } from "node:net"
import type { Certificates } from "./certificates.ts"
import type { ReverseProxy } from "./reverse-proxy.ts"

export interface IngressServers {
  readonly httpPort: number
  readonly httpsPort: number
  close(): Promise<void>
}

export interface ServersOptions {
  readonly address: string
  readonly httpPort: number
  readonly httpsPort: number
  readonly proxy: ReverseProxy
  readonly certificates: Certificates
}

/** Plain HTTP on one port; TLS on another, where clients choose between HTTP/1.1 and HTTP/2. Rejects if one is taken. */
export async function startServers(options: ServersOptions): Promise<IngressServers> {
  const { address, proxy, certificates } = options
  const plain = createServer((request, response) => proxy.handle(request, response))
  const secure = createSecureServer(
    {
      ...certificates.fallback,
      allowHTTP1: true,
      SNICallback: (name, found) => found(null, certificates.contextFor(name)),
    },
    (request, response) => proxy.handle(request, response),
  )
  for (const server of [plain, secure])
    server.on("upgrade", (request, socket, head) => proxy.upgrade(request, socket, head))
  const sockets = [trackSockets(plain), trackSockets(secure)]
  try {
    const httpPort = await listen(plain, options.httpPort, address)
    const httpsPort = await listen(secure, options.httpsPort, address)
    return { httpPort, httpsPort, close: () => closeAll([plain, secure], sockets) }
  } catch (error) {
    await closeAll([plain, secure], sockets)
    throw error
  }
}

function listen(server: Server | Http2SecureServer, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, address, () => resolve((server.address() as { port: number }).port))
  })
}

function trackSockets(server: NetServer): Set<Socket> {
  const sockets = new Set<Socket>()
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  return sockets
}

async function closeAll(servers: readonly NetServer[], sockets: readonly Set<Socket>[]): Promise<void> {
  for (const each of sockets) for (const socket of each) socket.destroy()
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))
}
