import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { NodeUsage } from "../node-host.ts"
import { parseQuantity } from "../../apimachinery/quantity.ts"
import { evictionMessage } from "./eviction-message.ts"
import { defaultEvictionHard } from "../configuration/kubelet-configuration.ts"
import { dataBehind, isReclaimable } from "./disk-layout.ts"
import { judgePressure } from "./judge-pressure.ts"
import { dueShortages, findShortages, holdConditions } from "./node-pressure.ts"
import { parseThresholds } from "./thresholds.ts"
import { PodMeter } from "./measure-pods.ts"
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
    status: {},
    spec: {
      priority,
      containers: [{ name: "c", resources: memory ? { requests: { memory } } : {} }],
    },
  }) as unknown as Pod

const names = (ranked: readonly { readonly pod: Pod }[]) => ranked.map((each) => each.pod.metadata.name)

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
    expect(found.map(({ signal, available, threshold }) => [signal, available, threshold.text])).toEqual([
      ["memory.available", 50 << 20, "100Mi"],
      ["nodefs.available", 99, "100"],
      ["nodefs.inodesFree", 4, "5"],
      ["imagefs.available", 99, "150"],
      ["imagefs.inodesFree", 4, "5"],
      ["pid.available", 768, "1k"],
    ])
  })

  it("waits as long as a soft threshold says", () => {
    const soft = parseThresholds({
      evictionSoft: { "memory.available": "10Gi" },
      evictionSoftGracePeriod: { "memory.available": "1m30s" },
    })
    const shortages = findShortages(healthy, soft)
    const first = dueShortages(new Map(), shortages, 1000)
    expect(first.due).toEqual([])
    expect(dueShortages(first.since, shortages, 90_999).due).toEqual([])
    expect(dueShortages(first.since, shortages, 91_000).due).toEqual(shortages)
    const over = dueShortages(first.since, [], 50_000)
    expect(dueShortages(over.since, shortages, 91_000).due).toEqual([])
  })

  it("goes on until as much is free as is wanted, once it has begun", () => {
    const settings = { "memory.available": "7Gi" }
    const hard = parseThresholds({
      evictionHard: settings,
      evictionMinimumReclaim: { "memory.available": "2Gi" },
    })
    expect(findShortages(healthy, hard)).toEqual([])
    expect(findShortages(healthy, hard, new Set(hard))).toMatchObject([{ threshold: { text: "7Gi" } }])
    const enough = { ...healthy, memoryAvailableBytes: 9 * 2 ** 30 }
    expect(findShortages(enough, hard, new Set(hard))).toEqual([])
  })

  it("watches what all pods are held to", () => {
    const held = parseThresholds({ evictionHard: { "allocatableMemory.available": "100" } })
    const pods = { memoryLimitBytes: 1000, memoryWorkingSetBytes: 950 }
    expect(findShortages(healthy, held)).toEqual([])
    expect(findShortages({ ...healthy, pods }, held)).toMatchObject([
      { available: 50, threshold: { text: "100" } },
    ])
  })

  it("says so for five minutes after it is over", () => {
    const shortage = { signal: "memory.available" } as const
    const held = holdConditions(new Map(), [shortage], 1000, 300_000)
    expect([...held.keys()]).toEqual(["MemoryPressure"])
    expect(holdConditions(held, [], 300_999, 300_000).size).toBe(1)
    expect(holdConditions(held, [], 301_000, 300_000).size).toBe(0)
  })

  it("evicts first who uses more than it asked for, then the less important, then the greediest", () => {
    const usage = (of: Pod, mebibytes: number) => ({ pod: of, used: mebibytes << 20, containers: [] })
    const ranked = rankForEviction(
      [
        usage(pod("within", "500Mi"), 400),
        usage(pod("above-a-little", "100Mi"), 150),
        usage(pod("above-a-lot", "100Mi"), 300),
        usage(pod("above-but-important", "1Mi", 1000), 900),
      ],
      "memory",
    )
    expect(names(ranked)).toEqual(["above-a-lot", "above-a-little", "above-but-important", "within"])
  })

  it("evicts first of whom nothing is known, and weighs files against bytes that were asked for", () => {
    const asking = (name: string, storage: string) => {
      const asks = pod(name)
      asks.spec.containers[0]!.resources = { requests: { "ephemeral-storage": storage } }
      return asks
    }
    const usage = (of: Pod, used: number | undefined) => ({ pod: of, used, containers: [] })
    const ranked = rankForEviction(
      [
        usage(asking("many", "1000"), 1200),
        usage(asking("few", "0"), 300),
        usage(pod("starting"), undefined),
      ],
      "inodes",
    )
    expect(names(ranked)).toEqual(["starting", "few", "many"])
  })

  it("makes room where nobody's things lie before it evicts", () => {
    const where = (hasImageFilesystem: boolean) =>
      (["nodefs.available", "nodefs.inodesFree", "imagefs.available", "memory.available"] as const).map(
        (signal) => isReclaimable(signal, hasImageFilesystem),
      )
    expect(where(false)).toEqual([true, true, true, false])
    expect(where(true)).toEqual([false, false, true, false])
    const split = { ...healthy, imageFilesystem: { ...healthy.filesystem, availableBytes: 1 } }
    expect(findShortages(split, thresholds).map(({ signal }) => signal)).toEqual(["imagefs.available"])
  })

  it("knows no thresholds of containers' own file system", () => {
    const set = { "containerfs.available": "99%", "nodefs.available": "10%" }
    expect(parseThresholds({ evictionHard: set }).map(({ signal }) => signal)).toEqual(["nodefs.available"])
  })

  it("takes what may come all the same", () => {
    const best = pod("best")
    const tolerant = pod("tolerant")
    tolerant.spec.tolerations = [{ key: "node.kubernetes.io/memory-pressure", operator: "Exists" }]
    const asking = pod("asking", "1Mi")
    const critical = pod("critical", undefined, 2_000_000_000)
    const judge = (...conditions: Parameters<typeof judgePressure>[1]) =>
      [best, tolerant, asking, critical].map((each) => judgePressure(each, conditions)?.message)
    const memory = "The node had condition: [MemoryPressure]. "
    const both = "The node had condition: [DiskPressure MemoryPressure]. "
    expect(judge()).toEqual([undefined, undefined, undefined, undefined])
    expect(judge("MemoryPressure")).toEqual([memory, undefined, undefined, undefined])
    expect(judge("MemoryPressure", "DiskPressure")).toEqual([both, both, both, undefined])
  })

  it("evicts of those with many processes the less important first", () => {
    const usage = (of: Pod, used: number) => ({ pod: of, used, containers: [] })
    const ranked = rankForEviction(
      [
        usage(pod("few"), 2),
        usage(pod("important", undefined, 1000), 9000),
        usage(pod("many"), 500),
        usage(pod("least", undefined, -5), 1),
      ],
      "pids",
    )
    expect(names(ranked)).toEqual(["least", "many", "few", "important"])
  })

  it("counts what a pod keeps on the node's disk beside its containers' layers", async () => {
    const stats = { cpu: undefined, writableLayer: { usedBytes: 10, inodesUsed: 3 } }
    const labels = { "io.kubernetes.pod.uid": "u", "io.kubernetes.container.name": "c" }
    const volume = (isLocal: boolean, usedBytes: number, inodesUsed: number) => ({
      isLocal,
      space: { usedBytes, inodesUsed },
    })
    const meter = new PodMeter(
      { listContainerStats: async () => [{ ...stats, labels }] } as never,
      {
        volumes: { usage: async () => [volume(true, 500, 20), volume(false, 9000, 9000)] },
        logs: { size: async () => 7 },
        podUsage: async () => ({ group: { processes: 12 } }),
      } as never,
    )
    const containers = [
      { name: "c", logPath: "/0.log" },
      { name: "c", logPath: "/1.log" },
    ]
    const state = { pod: { metadata: { uid: "u" } }, runtime: { containers } } as never
    const all = dataBehind("nodefs.available", false)
    expect(await meter.measure("ephemeral-storage", [state], all)).toMatchObject([
      { used: 524, containers: [{ name: "c", bytes: 24 }] },
    ])
    expect(await meter.measure("inodes", [state], all)).toMatchObject([{ used: 25 }])
    expect(await meter.measure("pids", [state], [])).toMatchObject([{ used: 12, containers: [] }])
    const beside = dataBehind("nodefs.available", true)
    expect(await meter.measure("ephemeral-storage", [state], beside)).toMatchObject([{ used: 514 }])
    const ofImages = dataBehind("imagefs.inodesFree", true)
    expect(await meter.measure("inodes", [state], ofImages)).toMatchObject([{ used: 3 }])
    const starting = { pod: { metadata: { uid: "other" } }, runtime: { containers: [] } } as never
    expect(await meter.measure("memory", [starting], [])).toMatchObject([{ used: undefined }])
  })

  it("says why, in upstream's words", () => {
    const shortage = {
      signal: "memory.available",
      available: 50 << 20,
      threshold: parseQuantity("100Mi"),
    } as const
    const containers = [
      { name: "c", bytes: 300 << 20 },
      { name: "debugger", bytes: 1 << 20 },
    ]
    expect(evictionMessage(shortage, { pod: pod("p"), used: 301 << 20, containers })).toEqual({
      message:
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container c was using 300Mi, request is 0, has larger consumption of memory. ",
      annotations: {
        offending_containers: "c",
        offending_containers_usage: "300Mi",
        starved_resource: "memory",
      },
    })
    const whole = pod("p", "1Gi")
    whole.spec.resources = { requests: { memory: "2Gi" } }
    expect(evictionMessage(shortage, { pod: whole, used: 301 << 20, containers }).message).toContain(
      "available: 50Mi. Pod p was using 301Mi, request is 2Gi, has larger consumption of memory. ",
    )
  })

  it("counts processes and inodes in tens, and blames no container for them", () => {
    const shortage = { signal: "pid.available", available: 2000, threshold: parseQuantity("2500") } as const
    const containers = [{ name: "c", bytes: 300 }]
    expect(evictionMessage(shortage, { pod: pod("p"), used: 9, containers })).toEqual({
      message: "The node was low on resource: pids. Threshold quantity: 2500, available: 2k. ",
      annotations: { offending_containers: "", offending_containers_usage: "", starved_resource: "pids" },
    })
  })

  it("spares the pods that it lives by", () => {
    expect(isCritical(pod("p", undefined, 2_000_000_000))).toBe(true)
    expect(isCritical(pod("p", undefined, 1_999_999_999))).toBe(false)
  })
})
