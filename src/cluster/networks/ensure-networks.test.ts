import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { Commands } from "../../base/commands.ts"
import { ensureNetworks } from "./ensure-networks.ts"

test("ranges are chosen once, and found again as text, too", async () => {
  const directory = mkdtempSync(join(tmpdir(), "coracle-networks-"))
  const machine = (routes: { dst: string }[]): Commands => ({ run: async () => JSON.stringify(routes) })
  try {
    const first = await ensureNetworks(directory, machine([{ dst: "default" }]))
    expect(first.pods).toEqual(["10.244.0.0/16"])
    const later = machine([{ dst: "10.244.0.0/16" }])
    expect(await ensureNetworks(directory, later)).toEqual(first)
    expect(await ensureNetworks(directory, later, { wishes: { pods: first.pods } })).toEqual(first)
    const other = ensureNetworks(directory, later, { wishes: { families: [4, 6] } })
    await expect(other).rejects.toThrow("--ip-families IPv4,IPv6: the cluster in this directory has IPv4")
    writeFileSync(
      join(directory, "networks.json"),
      '{"pods":"10.244.0.0/16","services":"10.96.0.0/12","nodes":"10.212.0.0/24"}',
    )
    expect(await ensureNetworks(directory, later)).toEqual(first)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
