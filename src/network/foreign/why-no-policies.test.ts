import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Commands } from "../../base/commands.ts"
import { connectingPlugin, whyNoPolicies } from "./why-no-policies.ts"

/** A kernel with or without br_netfilter; keeps what was run. */
function machine(hasBridgeFilter: boolean) {
  const ran: string[] = []
  const commands: Commands = {
    run: async (file: string, args: readonly string[]) => {
      ran.push([file, ...args].join(" "))
      if (!hasBridgeFilter) throw new Error("no such file")
      return ""
    },
  }
  return { commands, ran }
}

describe("plugins of somebody else", () => {
  let directory: string
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "coracle-cni-"))))
  afterEach(() => rmSync(directory, { recursive: true }))

  it("are those of the first configuration by name, as a runtime takes it", () => {
    expect(connectingPlugin(directory)).toBeUndefined()
    writeFileSync(join(directory, "20-late.conf"), '{"type":"bridge"}')
    writeFileSync(join(directory, "00-notes.txt"), "not for plugins")
    expect(connectingPlugin(directory)).toBe("bridge")
    writeFileSync(join(directory, "10-soon.conflist"), '{"plugins":[{"type":"ptp"},{"type":"portmap"}]}')
    expect(connectingPlugin(directory)).toBe("ptp")
  })

  it("leave policies to our rules where packets pass these, and say why not elsewhere", async () => {
    expect(await whyNoPolicies("ptp", machine(false).commands)).toBeUndefined()
    const filtered = machine(true)
    expect(await whyNoPolicies("bridge", filtered.commands)).toBeUndefined()
    expect(filtered.ran).toContain("tee /proc/sys/net/bridge/bridge-nf-call-iptables")
    expect(await whyNoPolicies("bridge", machine(false).commands)).toMatch(/br_netfilter/)
    expect(await whyNoPolicies("calico", machine(true).commands)).toMatch(/calico/)
  })
})
