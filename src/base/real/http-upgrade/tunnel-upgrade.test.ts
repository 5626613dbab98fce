import { createServer, type Server } from "node:http"
import { text } from "node:stream/consumers"
import { afterEach, describe, expect, it } from "vitest"
import { dialUpgrade } from "./dial-upgrade.ts"
import { acceptUpgrade, type IncomingUpgrade, refuseUpgrade } from "./incoming-upgrade.ts"
import { tunnelUpgrade } from "./tunnel-upgrade.ts"

const servers: Server[] = []
afterEach(() =>
  servers.splice(0).forEach((server) => {
    server.closeAllConnections()
    server.close()
  }),
)

async function serve(onUpgrade: (upgrade: IncomingUpgrade) => void): Promise<URL> {
  const server = createServer((_, response) => response.writeHead(404).end("not here"))
  server.on("upgrade", (request, socket, head) => onUpgrade({ request, socket, head }))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return new URL(`http://127.0.0.1:${(server.address() as { port: number }).port}/a?b=c`)
}

const headers = { Connection: "Upgrade", Upgrade: "test/1", "X-Multi": ["1", "2"] }

describe("an upgrade", () => {
  it("goes through to another server and back, and ends with it", async () => {
    const backend = await serve((upgrade) => {
      const { url, method, headers: asked } = upgrade.request
      const answer = `${method} ${url} ${String(asked["x-multi"])}`
      const socket = acceptUpgrade(upgrade, ["Connection", "Upgrade", "Upgrade", "test/1", "X-Chosen", "v1"])
      socket.write(`${answer}\n`)
      socket.pipe(socket)
    })
    let ended!: () => void
    const end = new Promise<void>((resolve) => (ended = resolve))
    const front = await serve((upgrade) => {
      void tunnelUpgrade(upgrade, { url: backend, headers: upgrade.request.headers })
        .then((tunnel) => tunnel.ended)
        .then(ended)
    })
    const answer = await dialUpgrade({ url: front, headers })
    if (answer.kind !== "upgraded") throw new Error("refused")
    expect(answer.headers["x-chosen"]).toBe("v1")
    answer.socket.end("hello")
    expect(await text(answer.socket)).toBe("POST /a?b=c 1, 2\nhello")
    await end
  })

  it("is refused with the other server's words, but not redirected", async () => {
    let status = 403
    const backend = await serve((upgrade) => refuseUpgrade(upgrade, status, "no, thanks"))
    const front = await serve(
      (upgrade) => void tunnelUpgrade(upgrade, { url: backend, headers: upgrade.request.headers }),
    )
    expect(await dialUpgrade({ url: front, headers })).toMatchObject({
      kind: "refused",
      status: 403,
      body: Buffer.from("no, thanks"),
    })
    status = 302
    expect(await dialUpgrade({ url: front, headers })).toMatchObject({ kind: "refused", status: 502 })
  })

  it("says when nobody is there", async () => {
    const url = new URL("http://127.0.0.1:1/")
    await expect(dialUpgrade({ url, headers })).rejects.toThrow("ECONNREFUSED")
  })
})
