import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { NodeUsage } from "../node-host.ts"
import { evictionMessage } from "./eviction-message.ts"
import { defaultThresholds, findShortages, holdConditions } from "./node-pressure.ts"
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

describe("a node in need", () => {
  it("knows what it is short of", () => {
    expect(findShortages(healthy, defaultThresholds)).toEqual([])
    const short = {
      ...healthy,
      memoryAvailableBytes: 50 << 20,
      filesystem: { ...healthy.filesystem, availableBytes: 99, inodesFree: 4 },
      processes: { running: 32_000, max: 32_768 },
    }
    expect(findShortages(short, defaultThresholds)).toEqual([
      { signal: "memory.available", available: 50 << 20, threshold: 100 << 20 },
      { signal: "nodefs.available", available: 99, threshold: 100 },
      { signal: "nodefs.inodesFree", available: 4, threshold: 5 },
      { signal: "imagefs.available", available: 99, threshold: 150 },
      { signal: "imagefs.inodesFree", available: 4, threshold: 5 },
      { signal: "pid.available", available: 768, threshold: 1000 },
    ])
  })

  it("says so for five minutes after it is over", () => {
    const shortage = { signal: "memory.available", available: 0, threshold: 1 } as const
    const held = holdConditions(new Map(), [shortage], 1000)
    expect([...held.keys()]).toEqual(["MemoryPressure"])
    expect(holdConditions(held, [], 300_999).size).toBe(1)
    expect(holdConditions(held, [], 301_000).size).toBe(0)
  })

  it("evicts first who uses more than it asked for, then the less important, then the greediest", () => {
    const mebibytes = (count: number) => [{ name: "c", bytes: count << 20 }]
    const ranked = rankForEviction(
      [
        { pod: pod("within", "500Mi"), containers: mebibytes(400) },
        { pod: pod("above-a-little", "100Mi"), containers: mebibytes(150) },
        { pod: pod("above-a-lot", "100Mi"), containers: mebibytes(300) },
        { pod: pod("above-but-important", "1Mi", 1000), containers: mebibytes(900) },
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

  it("says why, in upstream's words", () => {
    const shortage = { signal: "memory.available", available: 50 << 20, threshold: 100 << 20 } as const
    const usage = { pod: pod("p"), containers: [{ name: "c", bytes: 300 << 20 }] }
    expect(evictionMessage(shortage, usage)).toBe(
      "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was using 300Mi, request is 0, has larger consumption of memory. ",
    )
  })

  it("spares the pods that it lives by", () => {
    expect(isCritical(pod("p", undefined, 2_000_000_000))).toBe(true)
    expect(isCritical(pod("p", undefined, 1_999_999_999))).toBe(false)
  })
})
