import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { Commands } from "../base/commands.ts"
import { ensureNetworks, planNetworks } from "./networks.ts"

test("a machine of its own has the usual ranges", () => {
  expect(planNetworks(["192.168.1.0/24", "127.0.0.1"])).toEqual({
    pods: "10.244.0.0/16",
    services: "10.96.0.0/12",
    nodes: "10.212.0.0/24",
    kubernetesService: "10.96.0.1",
    dnsService: "10.96.0.10",
    clusterDomain: "cluster.local",
  })
})

test.each([
  [["10.96.0.0/12", "10.244.0.2"], "10.243.0.0/16", "10.112.0.0/16"],
  [["10.96.0.0/12", "10.244.0.2", "10.112.0.0/16"], "10.242.0.0/16", "10.113.0.0/16"],
  [["10.240.0.0/12"], "10.239.0.0/16", "10.116.0.0/16"],
])("with routes to %j another cluster gets %s and %s", (routes, pods, services) => {
  expect(planNetworks(routes)).toMatchObject({ pods, services })
})

test("says what to do when the machine routes all of it", () => {
  expect(() => planNetworks(["10.0.0.0/8"])).toThrow("no address range of 10.0.0.0/8 is left")
})

test("ranges are chosen once", async () => {
  const directory = mkdtempSync(join(tmpdir(), "coracle-networks-"))
  const machine = (routes: { dst: string }[]): Commands => ({ run: async () => JSON.stringify(routes) })
  try {
    const first = await ensureNetworks(directory, machine([{ dst: "default" }]))
    expect(first.pods).toBe("10.244.0.0/16")
    expect(await ensureNetworks(directory, machine([{ dst: "10.244.0.0/16" }]))).toEqual(first)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
