import { beforeEach, describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { Node } from "../../api/core/v1/node.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import type { Cache } from "../../client/cache.ts"
import { hint, type Plugin } from "../framework.ts"
import { podInfo } from "../pod-info.ts"
import { Rejections } from "../rejections.ts"
import { SchedulingQueue } from "./scheduling-queue.ts"

const fit: Plugin = { name: "Fit", hints: [hint(Node, "add")] }

let clock: SimulatedClock
let queue: SchedulingQueue
let incoming: string[]
let gate: string | undefined

beforeEach(() => {
  clock = new SimulatedClock()
  incoming = []
  gate = undefined
  const gating: Plugin = { name: "Gating", gate: () => gate, hints: [hint(Node, "delete")] }
  queue = new SchedulingQueue({
    clock,
    plugins: [fit, gating],
    gatesFor: () => [gating],
    cache: {} as Cache,
    onIncoming: (place, event) => incoming.push(`${place} ${event}`),
  })
})

function pod(name: string, parts: { priority?: number; status?: Partial<Pod["status"]> } = {}) {
  const metadata = { name, namespace: "default", uid: name, resourceVersion: "1" }
  const spec = { containers: [], priority: parts.priority ?? 0, schedulerName: "default-scheduler" }
  return podInfo({ metadata, spec, status: parts.status ?? {} } as unknown as Pod)
}

const node = { metadata: { name: "new" }, spec: {}, status: {} } as unknown as Node
const nothingFits = () => ({ rejections: new Rejections([]), plugins: new Set([fit]) })
const take = () => queue.take()?.info.pod.metadata.name

describe("the queue", () => {
  it("puts a pod that was tried in vain behind those of its priority that wait since", async () => {
    queue.set(pod("first"))
    await clock.advance(1)
    const first = queue.take()!
    queue.set(pod("second"))
    await clock.advance(1)
    queue.reject(first, nothingFits())
    await clock.advance(2000)
    queue.onChange(Node, "add", node)
    expect([take(), take()]).toEqual(["second", "first"])
  })

  it("lets the more important go first among those whose back-off ends in one second", async () => {
    await clock.advance(100)
    for (const [name, priority] of [["low", 1] as const, ["high", 9] as const]) {
      queue.set(pod(name, { priority }))
      queue.reject(queue.take()!, nothingFits())
      await clock.advance(200)
    }
    queue.onChange(Node, "add", node)
    expect(queue.sizes.backoff).toBe(2)
    expect([take(), take()]).toEqual(["high", "low"])
  })

  it("counts errors apart from rejections, and waits them out", async () => {
    queue.set(pod("web"))
    for (let rejected = 0; rejected < 3; rejected++) {
      queue.reject(queue.take()!, nothingFits())
      await clock.advance(60_000)
      queue.onChange(Node, "add", node)
    }
    const queued = queue.take()!
    queue.fail(queued)
    expect(queued).toMatchObject({ errorCount: 1, unschedulableCount: 3 })
    expect(take()).toBeUndefined()
    await clock.advance(1000)
    expect(take()).toBe("web")
    queue.reject(queued, nothingFits())
    expect(queued.errorCount).toBe(0)
  })

  it("asks who keeps pods out again before a pod is tried again", async () => {
    queue.set(pod("web"))
    queue.reject(queue.take()!, nothingFits())
    gate = "not now"
    await clock.advance(5000)
    queue.onChange(Node, "add", node)
    expect(queue.sizes.gated).toBe(1)
    gate = undefined
    queue.onChange(Node, "delete", undefined, node)
    expect(take()).toBe("web")
  })

  it("tries a pod again for which a claim was made", async () => {
    queue.set(pod("web"))
    queue.reject(queue.take()!, nothingFits())
    await clock.advance(5000)
    queue.set(pod("web", { status: { phase: "Pending" } }))
    expect(queue.sizes.unschedulable).toBe(1)
    queue.set(
      pod("web", { status: { resourceClaimStatuses: [{ name: "gpu", resourceClaimName: "web-gpu" }] } }),
    )
    expect(take()).toBe("web")
  })

  it("tells what brings pods to which place, in the words of upstream's metrics", async () => {
    queue.set(pod("web"))
    queue.reject(queue.take()!, nothingFits())
    queue.onChange(Node, "add", node)
    queue.take()
    queue.fail(queue.find("web")!)
    await clock.advance(2000)
    expect(incoming).toEqual([
      "active UnschedulablePodAdd",
      "unschedulable ScheduleAttemptFailure",
      "backoff NodeAdd",
      "active PopFromBackoffQ",
      "backoff ScheduleAttemptFailure",
      "active BackoffComplete",
    ])
  })
})
