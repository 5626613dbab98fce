import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it, onTestFinished } from "vitest"
import { requestHook } from "./hook-request.ts"

async function startServer(status: number): Promise<{ port: number; seen: (string | undefined)[] }> {
  const seen: (string | undefined)[] = []
  const server = createServer(({ headers }, response) => {
    seen.push(headers.authorization)
    response.writeHead(status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, seen }
}

const hook = (scheme: string, port: number) => ({
  url: new URL(`${scheme}://127.0.0.1:${port}/hook`),
  headers: { Authorization: "secret" },
})
const soon = () => AbortSignal.timeout(5000)

it("is told, whatever the answer is", async () => {
  const { port, seen } = await startServer(500)
  expect(await requestHook(hook("http", port), soon())).toEqual({})
  expect(seen).toEqual(["secret"])
})

it("is told in plain HTTP, without credentials, where the server speaks nothing else", async () => {
  const { port, seen } = await startServer(200)
  expect(await requestHook(hook("https", port), soon())).toEqual({ plainAt: `127.0.0.1:${port}` })
  expect(seen).toEqual([undefined])
})

it("fails where nobody listens", async () => {
  await expect(requestHook(hook("https", 1), soon())).rejects.toThrow(
    'Get "https://127.0.0.1:1/hook": dial tcp 127.0.0.1:1: connect: connection refused',
  )
})
