import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, it, onTestFinished } from "vitest"
import { getFollowing } from "./http-request.ts"

it("follows redirects on the same host, and tells what those elsewhere say", async () => {
  const server = createServer((request, response) => {
    const location = request.url === "/here" ? "/ok" : "http://192.0.2.1/"
    if (request.url === "/ok") response.end("fine")
    else response.writeHead(302, { location }).end(`go ${"x".repeat(20_000)}`)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const ask = (path: string) =>
    getFollowing({ url: new URL(`http://127.0.0.1:${port}${path}`), headers: {} }, AbortSignal.timeout(5000))
  expect(await ask("/here")).toEqual({ status: 200, body: "" })
  const { status, body } = await ask("/there")
  expect([status, body.length]).toEqual([302, 10 << 10])
  expect(body).toMatch(/^go x/)
})
