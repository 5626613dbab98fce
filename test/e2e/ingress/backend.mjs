// A pod behind the ingress: says who it is and what it was asked, and answers WebSockets by sending back what they say.
import { createHash } from "node:crypto"
import { createServer } from "node:http"
import { hostname } from "node:os"

const name = process.env.APP
const server = createServer((request, response) => {
  response.setHeader("content-type", "application/json")
  response.end(JSON.stringify({ app: name, pod: hostname(), path: request.url, headers: request.headers }))
})

/** Small text frames only (RFC 6455): enough for an echo. */
server.on("upgrade", (request, socket) => {
  const key = request.headers["sec-websocket-key"]
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64")
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on("error", () => {})
  socket.on("data", (frame) => {
    if ((frame[0] & 0x0f) !== 1) return socket.end()
    const length = frame[1] & 0x7f
    const mask = frame.subarray(2, 6)
    const text = frame.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4])
    return socket.write(Buffer.concat([Buffer.from([0x81, length]), text]))
  })
})

server.listen(8080)
// What is on its way when the pod is told to end is still answered.
process.on("SIGTERM", () => setTimeout(() => process.exit(0), 2000))
