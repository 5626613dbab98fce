import { describe, expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { KubeletMetrics } from "../metrics/kubelet-metrics.ts"
import { type HookAnswer, HookRunner, type HookTarget } from "./hook-runner.ts"

const pod = { metadata: { name: "p", namespace: "default", uid: "u" } } as unknown as Pod
const target: HookTarget = {
  pod,
  container: { name: "c", ports: [{ name: "web", containerPort: 8080 }] } as unknown as Container,
  containerId: "id",
  podIp: "10.0.0.7",
}
const bytes = (text: string) => new TextEncoder().encode(text)

function runner(httpGet: () => Promise<HookAnswer> = async () => ({})) {
  const told: string[] = []
  const clock = new SimulatedClock()
  const runtime = {
    execSync: async () => ({ stdout: bytes("out"), stderr: bytes("err"), exitCode: 3 }),
  }
  const events = {
    event: (_: unknown, ...parts: [string, string, string]) => told.push(parts.join(" ")),
  }
  const metrics = new KubeletMetrics()
  const hooks = new HookRunner({ runtime: runtime as never, clock, events, metrics, httpGet })
  return { hooks, told, clock }
}

const never = new AbortController().signal

describe("a hook", () => {
  it("says how its command failed", async () => {
    const { hooks } = runner()
    await expect(hooks.run({ exec: { command: ["sh", "-c", "x"] } }, target, never)).rejects.toThrow(
      `Exec lifecycle hook ([sh -c x]) for Container "c" in Pod "p_default(u)" failed - error: command 'sh -c x' exited with 3: err, message: "outerr"`,
    )
  })

  it("says how its request failed", async () => {
    const { hooks } = runner(() => Promise.reject(new Error("connection refused")))
    await expect(
      hooks.run({ httpGet: { path: "/x", port: "web", scheme: "HTTP" } }, target, never),
    ).rejects.toThrow(
      'HTTP lifecycle hook (/x) for Container "c" in Pod "p_default(u)" failed - error: connection refused',
    )
  })

  it("tells of a server that speaks no TLS", async () => {
    const { hooks, told } = runner(async () => ({ plainAt: "10.0.0.7:8080" }))
    await hooks.run({ httpGet: { path: "/x", port: 8080, scheme: "HTTPS" } }, target, never)
    expect(told).toEqual([
      "Warning LifecycleHTTPFallback request to HTTPS lifecycle hook 10.0.0.7:8080 got HTTP response, retry with HTTP succeeded",
    ])
  })

  it("sleeps as long as it says", async () => {
    const { hooks, clock } = runner()
    let isOver = false
    void hooks.run({ sleep: { seconds: 5 } }, target, never).then(() => (isOver = true))
    await clock.advance(4999)
    expect(isOver).toBe(false)
    await clock.advance(1)
    expect(isOver).toBe(true)
  })
})
