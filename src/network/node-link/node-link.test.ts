import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { clusterPrefix } from "../interface-names.ts"
import { createNamespace, type TestNamespace, whyNoNamespaces } from "../testing/namespaces.ts"
import { createNodeLink, type NodeLink } from "./create-node-link.ts"

const reason = whyNoNamespaces()
const clusterId = `node link test ${process.pid}`
const prefix = clusterPrefix(clusterId)

describe.skipIf(reason)(`nodes on one machine${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let sharedDirectory: string
  let link: NodeLink
  /** Stands for this machine, whose own network is not touched. */
  let machine: TestNamespace

  const create = () =>
    createNodeLink({
      clusterId,
      networks: ["198.51.100.0/24", "fd00:198:51::/64"],
      sharedDirectory,
      commands: machine.commands,
      log: silentLogger,
    })

  beforeAll(async () => {
    machine = await createNamespace("machine")
    sharedDirectory = await mkdtemp(join(tmpdir(), "coracle-node-link-"))
    link = create()
  })

  afterAll(async () => {
    await link.cleanUp()
    await machine.remove()
    await rm(sharedDirectory, { recursive: true, force: true })
  })

  it("gives every node an address, and the same again after a restart", async () => {
    expect(link.hostAddresses).toEqual(["198.51.100.1", "fd00:198:51::1"])
    const one = await link.addNode("node-1")
    const two = await link.addNode("node-2")
    expect([one.addresses, two.addresses]).toEqual([
      ["198.51.100.2", "fd00:198:51::2"],
      ["198.51.100.3", "fd00:198:51::3"],
    ])
    link = create()
    expect((await link.addNode("node-2")).addresses).toEqual(["198.51.100.3", "fd00:198:51::3"])
    await link.removeNode("node-1")
    expect((await link.addNode("node-3")).addresses).toEqual(["198.51.100.2", "fd00:198:51::2"])
  })

  it("connects nodes with each other and with the machine", async () => {
    const two = await link.addNode("node-2")
    const three = await link.addNode("node-3")
    // A neighbour that answers is one that can be reached, without any program that listens.
    const reach = async (from: typeof two, address: string) => {
      await from.commands.run(process.execPath, [
        "-e",
        `require("node:net").connect(9, "${address}").on("error", (e) => process.exit(e.code === "ECONNREFUSED" ? 0 : 1))`,
      ])
      return true
    }
    for (const address of [...three.addresses, ...link.hostAddresses])
      expect(await reach(two, address), address).toBe(true)
  })

  it("leaves nothing behind", async () => {
    await link.cleanUp()
    expect(await machine.commands.run("ip", ["netns", "list"])).not.toContain(prefix)
    expect(await machine.commands.run("ip", ["-brief", "link"])).not.toContain(prefix)
    expect(await machine.commands.run("nft", ["list", "tables"])).not.toContain(prefix)
  })
})
