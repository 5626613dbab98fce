import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, expect, it } from "vitest"
import { readTopology } from "./read-topology.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "coracle-topology-"))
})
afterEach(() => rmSync(directory, { recursive: true }))

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), `${text}\n`)
}

it("is what the kernel says of processors and memory", async () => {
  // Two sockets of one core with two threads; processor 4 is off.
  write("cpu/online", "0-3")
  const siblings = ["0,2", "1,3", "0,2", "1,3"]
  for (const [id, list] of siblings.entries()) {
    write(`cpu/cpu${id}/topology/thread_siblings_list`, list)
    write(`cpu/cpu${id}/topology/physical_package_id`, String(id % 2))
    write(`cpu/cpu${id}/cache/index3/shared_cpu_list`, list)
  }
  for (const node of [0, 1]) {
    write(`node/node${node}/cpulist`, `${node},${node + 2}`)
    write(`node/node${node}/meminfo`, `Node ${node} MemTotal:  1048576 kB\nNode ${node} MemFree: 1 kB`)
    write(`node/node${node}/distance`, node === 0 ? "10 21" : "21 10")
  }
  write("node/node1/hugepages/hugepages-2048kB/nr_hugepages", "3")
  const { processors, numaNodes } = await readTopology(directory)
  expect(processors).toEqual([
    { id: 0, core: 0, socket: 0, numaNode: 0, uncoreCache: 0 },
    { id: 1, core: 1, socket: 1, numaNode: 1, uncoreCache: 1 },
    { id: 2, core: 0, socket: 0, numaNode: 0, uncoreCache: 0 },
    { id: 3, core: 1, socket: 1, numaNode: 1, uncoreCache: 1 },
  ])
  const memoryBytes = 2 ** 30
  expect(numaNodes).toMatchObject([
    { id: 0, memoryBytes, distances: [10, 21], hugePages: { "hugepages-2Mi": 0 } },
    { id: 1, memoryBytes, distances: [21, 10], hugePages: { "hugepages-2Mi": 6 << 20 } },
  ])
})

it("is one node where the kernel says nothing", async () => {
  write("cpu/online", "0-1")
  const { processors, numaNodes } = await readTopology(directory)
  expect(processors).toEqual([
    { id: 0, core: 0, socket: 0, numaNode: 0, uncoreCache: 0 },
    { id: 1, core: 1, socket: 0, numaNode: 0, uncoreCache: 0 },
  ])
  expect(numaNodes).toHaveLength(1)
  expect(numaNodes[0]!.memoryBytes).toBeGreaterThan(0)
})
