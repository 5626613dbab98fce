import { createSocket, type Socket } from "node:dgram"
import { createServer, type Server } from "node:net"
import { type IpFamily, ipFamily } from "../base/ip-address.ts"
import type { Logger } from "../base/log.ts"
import type { Responder } from "./responder.ts"
import { FrameReader, frame } from "./wire/frames.ts"

/** A client that says nothing for so long is disconnected. */
const idleMs = 10_000

/** Answers at one address by UDP and TCP, on the same port. */
export interface Listener {
  readonly port: number
  close(): Promise<void>
}

/** Port 0 takes any free one. Rejects when the address cannot be had. */
export async function listen(
  address: string,
  port: number,
  responder: Responder,
  log: Logger,
): Promise<Listener> {
  const tcp = listenTcp(address, responder, log)
  await new Promise<void>((resolve, reject) => tcp.once("error", reject).listen(port, address, resolve))
  tcp.on("error", (error) => log.error("DNS by TCP failed", { address, error }))
  const bound = (tcp.address() as { port: number }).port
  const udp = listenUdp(address, responder, log)
  try {
    await new Promise<void>((resolve, reject) => udp.once("error", reject).bind(bound, address, resolve))
  } catch (error) {
    tcp.close()
    throw error
  }
  udp.on("error", (error) => log.error("DNS by UDP failed", { address, error }))
  return {
    port: bound,
    async close() {
      await Promise.all([
        new Promise<void>((resolve) => udp.close(() => resolve())),
        new Promise<void>((resolve) => tcp.close(() => resolve())),
      ])
    },
  }
}

function listenUdp(address: string, responder: Responder, log: Logger): Socket {
  const family = ipFamily(address)
  const socket = createSocket({
    type: family === 4 ? "udp4" : "udp6",
    recvBufferSize: 1 << 20,
    // Answers go to addresses, never to names: without this every one would wait for a look-up's callback.
    lookup: (host, _options, found) => found(null, host, family),
  })
  socket.on("message", (message, client) => {
    const send = (answer: Buffer) => socket.send(answer, client.port, client.address, ignoreError)
    const answer = respond(responder, message, "udp", family, log)
    if (answer instanceof Promise) answer.then((late) => late && send(late), ignoreError)
    else if (answer) send(answer)
  })
  return socket
}

function listenTcp(address: string, responder: Responder, log: Logger): Server {
  const family = ipFamily(address)
  return createServer((socket) => {
    const reader = new FrameReader((message) => {
      const answer = respond(responder, message, "tcp", family, log)
      void Promise.resolve(answer).then(
        (ready) => ready && socket.writable && socket.write(frame(ready)),
        ignoreError,
      )
    })
    socket.setTimeout(idleMs, () => socket.destroy())
    socket.on("error", ignoreError)
    socket.on("data", (chunk: Buffer) => reader.push(chunk))
  }).unref()
}

/** One bad message must not end the server. */
function respond(
  responder: Responder,
  message: Buffer,
  transport: "udp" | "tcp",
  family: IpFamily,
  log: Logger,
) {
  try {
    return responder.respond(message, transport, family)
  } catch (error) {
    log.error("cannot answer a DNS question", { error })
    return undefined
  }
}

function ignoreError(): void {}
