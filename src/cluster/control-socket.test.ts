import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { askCluster, serveControl } from "./control-socket.ts"
import { dataDirectory } from "./data-directory.ts"

describe("the control socket", () => {
  let path: string
  beforeEach(() => (path = mkdtempSync(join(tmpdir(), "coracle-control-"))))
  afterEach(() => rmSync(path, { recursive: true }))

  it("passes on what is asked and why it is refused, to the owner alone", async () => {
    const directory = dataDirectory(path)
    await expect(askCluster(directory, { verb: "add-node" })).rejects.toThrow("no cluster answers in")
    const close = await serveControl(directory, {
      addNode: async (name = "node-4") => `node ${name} is ready`,
      removeNode: async (name) => {
        throw new Error(`there is no node ${name} here`)
      },
    })
    expect(statSync(directory.controlSocket).mode & 0o777).toBe(0o600)
    expect(await askCluster(directory, { verb: "add-node" })).toBe("node node-4 is ready")
    expect(await askCluster(directory, { verb: "add-node", name: "big" })).toBe("node big is ready")
    await expect(askCluster(directory, { verb: "remove-node", name: "x" })).rejects.toThrow("no node x here")
    close()
  })
})
