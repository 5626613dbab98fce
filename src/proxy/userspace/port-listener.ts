import { createSocket, type Socket as DatagramSocket } from "node:dgram"
import { connect, createServer } from "node:net"
import type { Clock, Timer } from "../../base/clock.ts"
import { ipFamily } from "../../base/ip-address.ts"
import type { EndpointAddress } from "../model/plan-service.ts"
import type { EndpointChooser } from "./endpoint-chooser.ts"

/** Takes what comes to one port of this machine and passes it on. */
export interface PortListener {
  close(): void
}

/** A client that says nothing for so long has no UDP session any more. */
const sessionMs = 60_000

export interface ListenerOptions {
  readonly address: string
  readonly port: number
  readonly chooser: EndpointChooser
  readonly clock: Clock
  readonly failed: (error: Error) => void
}

/** Established connections outlive `close`, and an endpoint's removal. */
export function listenTcp({ address, port, chooser, failed }: ListenerOptions): PortListener {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const endpoint = chooser.choose(client.remoteAddress ?? "")
    if (!endpoint) return client.resetAndDestroy()
    const upstream = connect({ host: endpoint.address, port: endpoint.port, allowHalfOpen: true })
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    client.on("error", end)
    upstream.on("error", end)
    client.pipe(upstream)
    upstream.pipe(client)
    return client.resume()
  })
  server.on("error", failed)
  server.listen(port, address)
  return { close: () => server.close() }
}

interface Session {
  readonly socket: DatagramSocket
  readonly endpoint: EndpointAddress
  expiry: Timer
}

/** Each client gets a socket of its own towards its endpoint, so that answers find back to it. */
export function listenUdp({ address, port, chooser, clock, failed }: ListenerOptions): PortListener {
  const sessions = new Map<string, Session>()
  const server = createSocket(ipFamily(address) === 4 ? "udp4" : "udp6")

  function end(client: string): void {
    const session = sessions.get(client)
    if (!session) return
    sessions.delete(client)
    session.expiry.cancel()
    session.socket.close()
  }

  function open(client: string, from: { address: string; port: number }): Session | undefined {
    const endpoint = chooser.choose(from.address)
    if (!endpoint) return undefined
    const socket = createSocket(ipFamily(endpoint.address) === 4 ? "udp4" : "udp6")
    socket.on("message", (answer) => server.send(answer, from.port, from.address))
    socket.on("error", () => end(client))
    const session = { socket, endpoint, expiry: clock.after(sessionMs, () => end(client)) }
    sessions.set(client, session)
    return session
  }

  server.on("message", (message, from) => {
    const client = `${from.address} ${from.port}`
    const known = sessions.get(client)
    if (known && !chooser.has(known.endpoint)) end(client)
    const session = sessions.get(client) ?? open(client, from)
    if (!session) return
    session.expiry.cancel()
    session.expiry = clock.after(sessionMs, () => end(client))
    session.socket.send(message, session.endpoint.port, session.endpoint.address, () => {})
  })
  server.on("error", failed)
  server.bind(port, address)
  return {
    close() {
      server.close()
      for (const client of sessions.keys()) end(client)
    },
  }
}
