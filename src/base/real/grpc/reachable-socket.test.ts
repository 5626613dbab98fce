import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { connect, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { once } from "node:events"
import { afterAll, describe, expect, it } from "vitest"
import { reachableSocket } from "./reachable-socket.ts"

describe.skipIf(process.platform !== "linux")("a socket", () => {
  const root = mkdtempSync(join(tmpdir(), "sockets-"))
  afterAll(() => rmSync(root, { recursive: true }))

  it("is itself while its path fits", () => {
    expect(reachableSocket("/run/kubelet.sock").path).toBe("/run/kubelet.sock")
  })

  it("is reached when its path is too long for an address, also when its directory is made anew", async () => {
    const directory = join(root, "d".repeat(60), "kubelet/plugins_registry")
    const path = join(directory, `${"s".repeat(40)}.sock`)
    mkdirSync(directory, { recursive: true })
    const socket = reachableSocket(path)
    expect(Buffer.byteLength(socket.path)).toBeLessThanOrEqual(107)
    renameSync(directory, `${directory}.old`)
    mkdirSync(directory)
    const server = createServer((peer) => peer.end("here")).listen(socket.path)
    await once(server, "listening")
    expect(readdirSync(directory)).toEqual([`${"s".repeat(40)}.sock`])
    const [answer] = await once(connect(socket.path), "data")
    expect(String(answer)).toBe("here")
    server.close()
    await once(server, "close")
    socket.release()
    socket.release()
  })

  it("stays as it is where no directory leads to it", () => {
    const path = join(root, "missing".repeat(20), "s.sock")
    expect(reachableSocket(path).path).toBe(path)
    const name = `/tmp/${"n".repeat(120)}`
    expect(reachableSocket(name).path).toBe(name)
  })
})
