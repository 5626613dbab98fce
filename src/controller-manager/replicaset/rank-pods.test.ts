import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { rankForDeletion } from "./rank-pods.ts"

const nowMs = Date.parse("2026-01-02T00:00:00Z")
const ago = (seconds: number) => new Date(nowMs - seconds * 1000).toISOString()

interface Traits {
  readonly readyFor?: number
  readonly age?: number
  readonly restarts?: number
  readonly sidecarRestarts?: number
}

function pod(uid: string, { readyFor = 1000, age = 1000, restarts = 0, sidecarRestarts = 0 }: Traits): Pod {
  return {
    metadata: { name: uid, uid, creationTimestamp: ago(age) },
    spec: { nodeName: "a", initContainers: [{ name: "proxy", restartPolicy: "Always" }, { name: "setup" }] },
    status: {
      phase: "Running",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: ago(readyFor) }],
      containerStatuses: [{ name: "main", restartCount: restarts }],
      initContainerStatuses: [
        { name: "proxy", restartCount: sidecarRestarts },
        { name: "setup", restartCount: 9 },
      ],
    },
  } as unknown as Pod
}

const order = (...pods: Pod[]) =>
  rankForDeletion(pods, [], nowMs)
    .map(({ metadata }) => metadata.uid)
    .join(" ")

describe("rankForDeletion", () => {
  it("takes what has been ready for less time, by orders of magnitude", () => {
    expect(order(pod("a", { readyFor: 1000 }), pod("b", { readyFor: 10 }))).toBe("b a")
  })

  it("lets the uid decide among those that have been ready for about as long, whatever their restarts", () => {
    expect(order(pod("a", { readyFor: 600 }), pod("b", { readyFor: 601, restarts: 5 }))).toBe("a b")
  })

  it("takes what restarted more often among those that became ready at the same moment", () => {
    expect(order(pod("a", {}), pod("b", { restarts: 1 }))).toBe("b a")
    expect(order(pod("a", { sidecarRestarts: 3 }), pod("b", { restarts: 1 }))).toBe("b a")
  })

  it("looks at sidecars last, and not at init containers that have ended", () => {
    expect(order(pod("a", {}), pod("b", { sidecarRestarts: 1 }))).toBe("b a")
    expect(order(pod("b", {}), pod("a", { age: 10 }), pod("c", { sidecarRestarts: 1 }))).toBe("c a b")
  })
})
