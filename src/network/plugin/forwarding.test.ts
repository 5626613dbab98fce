import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createNamespace, type TestNamespace, whyNoNamespaces } from "../testing/namespaces.ts"
import { ensureForwarding, forwardingSettings, restoreForwarding } from "./forwarding.ts"

const reason = whyNoNamespaces()

describe.skipIf(reason)(`forwarding${reason ? ` (skipped: ${reason})` : ""}`, () => {
  let sharedDirectory: string
  let machine: TestNamespace

  const settings = async () => {
    const names = ["all/forwarding", "wire/accept_ra", "deaf/accept_ra", "default/accept_ra"]
    const values = await machine.commands.run(
      "cat",
      names.map((name) => `/proc/sys/net/ipv6/conf/${name}`),
    )
    return values.trim().split("\n")
  }

  beforeEach(async () => {
    machine = await createNamespace("machine")
    sharedDirectory = await mkdtemp(join(tmpdir(), "coracle-forwarding-"))
    await machine.commands.run("ip", ["link", "add", "wire", "type", "veth", "peer", "name", "deaf"])
    await machine.commands.run("tee", ["/proc/sys/net/ipv6/conf/wire/accept_ra"], "1")
    await machine.commands.run("tee", ["/proc/sys/net/ipv6/conf/deaf/accept_ra"], "0")
  })
  afterEach(async () => {
    await machine.remove()
    await rm(sharedDirectory, { recursive: true, force: true })
  })

  it("goes on listening to routers where the machine did, and leaves everything as it was with the last user", async () => {
    const shared = { sharedDirectory, commands: machine.commands }
    expect(await settings()).toEqual(["0", "1", "0", "1"])
    await ensureForwarding(shared, "one", forwardingSettings[6])
    await ensureForwarding(shared, "two", forwardingSettings[6])
    expect(await settings()).toEqual(["1", "2", "0", "1"])
    await restoreForwarding(shared, "one")
    expect(await settings()).toEqual(["1", "2", "0", "1"])
    await restoreForwarding(shared, "two")
    expect(await settings()).toEqual(["0", "1", "0", "1"])
  })
})
