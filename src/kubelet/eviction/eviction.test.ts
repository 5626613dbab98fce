import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { NodeUsage } from "../node-host.ts"
import { evictionMessage } from "./eviction-message.ts"
import { defaultEvictionHard } from "../configuration/kubelet-configuration.ts"
import { dueShortages, findShortages, holdConditions } from "./node-pressure.ts"
import { parseThresholds } from "./thresholds.ts"
import { isCritical, rankForEviction } from "./rank-pods.ts"

const healthy: NodeUsage = {
  cpuCoreNanoSeconds: 0,
  memoryWorkingSetBytes: 0,
  memoryUsageBytes: 0,
  memoryAvailableBytes: 8 * 2 ** 30,
  memoryRssBytes: 0,
  filesystem: { capacityBytes: 1000, availableBytes: 500, usedBytes: 500, inodes: 100, inodesFree: 50 },
  processes: { running: 100, max: 32_768 },
  network: [],
  bootedAtMs: 0,
}

const pod = (name: string, memory?: string, priority = 0): Pod =>
  ({
    metadata: { name },
    spec: {
      priority,
      containers: [{ name: "c", resources: memory ? { requests: { memory } } : {} }],
    },
  }) as unknown as Pod

const thresholds = parseThresholds({ evictionHard: { ...defaultEvictionHard, "pid.available": "1000" } })

describe("a node in need", () => {
  it("knows what it is short of", () => {
    expect(findShortages(healthy, thresholds)).toEqual([])
    const short = {
      ...healthy,
      memoryAvailableBytes: 50 << 20,
      filesystem: { ...healthy.filesystem, availableBytes: 99, inodesFree: 4 },
      processes: { running: 32_000, max: 32_768 },
    }
    const found = findShortages(short, thresholds)
    expect(found.map(({ signal, available, threshold }) => ({ signal, available, threshold }))).toEqual([
      { signal: "memory.available", available: 50 << 20, threshold: 100 << 20 },
      { signal: "nodefs.available", available: 99, threshold: 100 },
      { signal: "nodefs.inodesFree", available: 4, threshold: 5 },
      { signal: "imagefs.available", available: 99, threshold: 150 },
      { signal: "imagefs.inodesFree", available: 4, threshold: 5 },
      { signal: "pid.available", available: 768, threshold: 1000 },
    ])
  })

  it("waits as long as a soft threshold says, and frees as much as is wanted", () => {
    const soft = parseThresholds({
      evictionSoft: { "memory.available": "10Gi" },
      evictionSoftGracePeriod: { "memory.available": "1m30s" },
      evictionMinimumReclaim: { "memory.available": "1Gi" },
    })
    const shortages = findShortages(healthy, soft)
    expect(shortages).toMatchObject([{ missing: 3 * 2 ** 30 }])
    const first = dueShortages(new Map(), shortages, 1000)
    expect(first.due).toEqual([])
    expect(dueShortages(first.since, shortages, 90_999).due).toEqual([])
    expect(dueShortages(first.since, shortages, 91_000).due).toEqual(shortages)
    const over = dueShortages(first.since, [], 50_000)
    expect(dueShortages(over.since, shortages, 91_000).due).toEqual([])
  })

  it("watches what all pods are held to", () => {
    const held = parseThresholds({ evictionHard: { "allocatableMemory.available": "100" } })
    const pods = { memoryLimitBytes: 1000, memoryWorkingSetBytes: 950 }
    expect(findShortages(healthy, held)).toEqual([])
    expect(findShortages({ ...healthy, pods }, held)).toMatchObject([{ available: 50, threshold: 100 }])
  })

  it("says so for five minutes after it is over", () => {
    const shortage = { signal: "memory.available", available: 0, threshold: 1 } as const
    const held = holdConditions(new Map(), [shortage], 1000, 300_000)
    expect([...held.keys()]).toEqual(["MemoryPressure"])
    expect(holdConditions(held, [], 300_999, 300_000).size).toBe(1)
    expect(holdConditions(held, [], 301_000, 300_000).size).toBe(0)
  })

  it("evicts first who uses more than it asked for, then the less important, then the greediest", () => {
    const mebibytes = (count: number) => [{ name: "c", bytes: count << 20 }]
    const ranked = rankForEviction(
      [
        { pod: pod("within", "500Mi"), containers: mebibytes(400), volumes: [] },
        { pod: pod("above-a-little", "100Mi"), containers: mebibytes(150), volumes: [] },
        { pod: pod("above-a-lot", "100Mi"), containers: mebibytes(300), volumes: [] },
        { pod: pod("above-but-important", "1Mi", 1000), containers: mebibytes(900), volumes: [] },
      ],
      "memory",
    )
    expect(ranked.map((each) => each.pod.metadata.name)).toEqual([
      "above-a-lot",
      "above-a-little",
      "above-but-important",
      "within",
    ])
  })

  it("counts what a pod keeps on the node's disk beside its containers' layers", () => {
    const usage = (name: string, isLocal: boolean, usedBytes: number) => ({
      pod: pod(name),
      containers: [{ name: "c", bytes: 10 }],
      volumes: [{ name: "v", isLocal, space: { ...healthy.filesystem, usedBytes } }],
    })
    const ranked = rankForEviction(
      [usage("little", true, 5), usage("elsewhere", false, 9000), usage("much", true, 500)],
      "ephemeral-storage",
    )
    expect(ranked.map((each) => each.pod.metadata.name)).toEqual(["much", "little", "elsewhere"])
  })

  it("says why, in upstream's words", () => {
    const shortage = { signal: "memory.available", available: 50 << 20, threshold: 100 << 20 } as const
    const usage = { pod: pod("p"), containers: [{ name: "c", bytes: 300 << 20 }], volumes: [] }
    expect(evictionMessage(shortage, usage)).toBe(
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was using 300Mi, request is 0, has larger consumption of memory. ",
    )
  })

  it("spares the pods that it lives by", () => {
    expect(isCritical(pod("p", undefined, 2_000_000_000))).toBe(true)
    expect(isCritical(pod("p", undefined, 1_999_999_999))).toBe(false)
  })
})
