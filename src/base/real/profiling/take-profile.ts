import { type Profiler, Session } from "node:inspector/promises"
import { getHeapSpaceStatistics } from "node:v8"
import { type Clock, sleep } from "../../clock.ts"
import { buildProfile, type CallFrame, type CallNode, type ProfileFacts } from "./build-profile.ts"

export interface ProfileWish {
  readonly seconds: number
  readonly clock: Clock
  /** Ends it early; what was seen until then is the result. */
  readonly signal: AbortSignal
}

/** Where this process spends its time, with all components that run in it; pauses are left out. */
export function takeCpuProfile(wish: ProfileWish): Promise<Uint8Array> {
  return watched(wish, async (session, facts) => {
    await session.post("Profiler.enable")
    await session.post("Profiler.setSamplingInterval", { interval: cpuIntervalMicroseconds })
    await session.post("Profiler.start")
    await facts.wait()
    const { profile } = await session.post("Profiler.stop")
    const period = cpuIntervalMicroseconds * 1000
    return buildProfile(callTree(profile), {
      types: [
        ["samples", "count"],
        ["cpu", "nanoseconds"],
      ],
      periodType: ["cpu", "nanoseconds"],
      period,
      ...facts.times(),
    })
  })
}

/**
 * What is in use: what is made meanwhile and stays, by who made it, and what was there before, of which only the kind is known.
 * One in so many bytes is looked at.
 */
export function takeHeapProfile(wish: ProfileWish): Promise<Uint8Array> {
  const before = earlierMemory()
  return takeMemoryProfile(wish, "inuse", {}, before)
}

/** What is made meanwhile, by who made it, whether it stays or not. */
export function takeAllocationProfile(wish: ProfileWish): Promise<Uint8Array> {
  const everything = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true }
  return takeMemoryProfile(wish, "alloc", everything, [])
}

function takeMemoryProfile(
  wish: ProfileWish,
  what: "inuse" | "alloc",
  options: object,
  earlier: readonly CallNode[],
): Promise<Uint8Array> {
  return watched(wish, async (session, facts) => {
    await session.post("HeapProfiler.startSampling", { samplingInterval: heapIntervalBytes, ...options })
    await facts.wait()
    const { profile } = await session.post("HeapProfiler.stopSampling")
    const heap = profile as unknown as SampledHeap
    const tree = heapTree(heap.head, countsByNode(heap))
    return buildProfile(
      { ...tree, children: [...tree.children, ...earlier] },
      {
        types: [
          [`${what}_objects`, "count"],
          [`${what}_space`, "bytes"],
        ],
        periodType: ["space", "bytes"],
        period: heapIntervalBytes,
        ...facts.times(),
      },
    )
  })
}

// Finer than Go's (10 ms, 512 KiB), since what is looked at is short; what V8 takes by itself for time (1 ms) costs more.
const cpuIntervalMicroseconds = 2000
const heapIntervalBytes = 32 * 1024

/** By V8's spaces, and what V8 knows of but does not keep itself: buffers. */
function earlierMemory(): CallNode[] {
  const named = (name: string, bytes: number): CallNode => ({
    callFrame: { functionName: `(before: ${name})`, url: "", lineNumber: -1 },
    values: [0, bytes],
    children: [],
  })
  return [
    ...getHeapSpaceStatistics().map((space) => named(space.space_name, space.space_used_size)),
    named("external", process.memoryUsage().external),
  ]
}

interface Watched {
  wait(): Promise<void>
  times(): Pick<ProfileFacts, "startedAtMs" | "durationMs">
}

async function watched(
  { seconds, clock, signal }: ProfileWish,
  take: (session: Session, facts: Watched) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const session = new Session()
  session.connect()
  const startedAtMs = clock.now()
  const beganMs = clock.monotonic()
  try {
    return await take(session, {
      wait: () => sleep(clock, seconds * 1000, signal),
      times: () => ({ startedAtMs, durationMs: clock.monotonic() - beganMs }),
    })
  } finally {
    session.disconnect()
  }
}

// Who waits for work does nothing that could be made faster.
const pauses = new Set(["(idle)"])

/** From V8's list of nodes, each with its samples, to a tree. */
function callTree({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): CallNode {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const microseconds = new Map<number, number>()
  // A delta is the time before its sample, during which the sample before was true.
  for (const [index, id] of samples.entries()) {
    const lastsMicroseconds = Math.max(timeDeltas[index + 1] ?? 0, 0)
    microseconds.set(id, (microseconds.get(id) ?? 0) + lastsMicroseconds)
  }
  const toTree = (node: Profiler.ProfileNode): CallNode => ({
    callFrame: node.callFrame,
    values: pauses.has(node.callFrame.functionName)
      ? [0, 0]
      : [node.hitCount ?? 0, (microseconds.get(node.id) ?? 0) * 1000],
    children: (node.children ?? []).map((id) => toTree(byId.get(id)!)),
  })
  return toTree(nodes[0]!)
}

// Node.js's types leave out what joins the two (https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/).
interface SampledHeap {
  readonly head: SampledNode
  readonly samples: readonly { readonly nodeId: number }[]
}

interface SampledNode {
  readonly id: number
  readonly callFrame: CallFrame
  readonly selfSize: number
  readonly children: readonly SampledNode[]
}

function countsByNode({ samples }: SampledHeap): ReadonlyMap<number, number> {
  const counts = new Map<number, number>()
  for (const { nodeId } of samples) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1)
  return counts
}

function heapTree(
  { id, callFrame, selfSize, children }: SampledNode,
  counts: ReadonlyMap<number, number>,
): CallNode {
  return {
    callFrame,
    values: [counts.get(id) ?? 0, selfSize],
    children: children.map((child) => heapTree(child, counts)),
  }
}
