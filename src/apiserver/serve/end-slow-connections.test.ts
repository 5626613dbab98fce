import { connect, type TLSSocket } from "node:tls"
import { afterAll, beforeAll, expect, test } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { textResponse } from "../http/response.ts"
import { type Listening, serveHttps } from "./serve-https.ts"
import { issueTestCertificates } from "./testing.ts"

const clock = new SimulatedClock()
const certificates = issueTestCertificates()
let listening: Listening
let answer: () => void = () => {}
beforeAll(async () => {
  const options = { host: "127.0.0.1", port: 0, clock, log: silentLogger }
  const identity = { serving: certificates.server, clientAuthorities: certificates.authority }
  listening = await serveHttps(
    ({ path }) =>
      path === "/slow"
        ? new Promise((resolve) => (answer = () => resolve(textResponse(200, "late"))))
        : Promise.resolve(textResponse(200, "ok")),
    { ...options, ...identity },
  )
})
afterAll(() => listening.close(0))

interface Conversation {
  readonly socket: TLSSocket
  readonly closed: Promise<string>
  next(): Promise<void>
}

async function converse(): Promise<Conversation> {
  const socket = connect({ host: "127.0.0.1", port: listening.port, ca: certificates.authority })
  await new Promise((resolve) => socket.once("secureConnect", resolve))
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve("closed")))
  return { socket, closed, next: () => new Promise((resolve) => socket.once("data", () => resolve())) }
}

const stillOpen = ({ closed }: Conversation) =>
  Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 30, "open"))])
const head = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n`

test("a request that does not arrive is not waited for", async () => {
  const conversation = await converse()
  conversation.socket.write(head("/"))
  expect(await stillOpen(conversation)).toBe("open")
  for (let seconds = 0; seconds < 32; seconds += 8) {
    conversation.socket.write("X-More: a\r\n")
    await clock.advance(8000)
  }
  expect(await conversation.closed).toBe("closed")
})

test("an answer may take its time, and afterwards the connection is kept for the next request", async () => {
  const conversation = await converse()
  conversation.socket.write(`${head("/slow")}\r\n`)
  expect(await stillOpen(conversation)).toBe("open")
  await clock.advance(200_000)
  expect(await stillOpen(conversation)).toBe("open")
  const told = conversation.next()
  answer()
  await told
  await clock.advance(80_000)
  expect(await stillOpen(conversation)).toBe("open")
  const again = conversation.next()
  conversation.socket.write(`${head("/")}\r\n`)
  await again
  expect(await stillOpen(conversation)).toBe("open")
  await clock.advance(91_000)
  expect(await conversation.closed).toBe("closed")
})
