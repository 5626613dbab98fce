import { describe, expect, it } from "vitest"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { runtimeContract } from "../contract-suite.ts"
import type { PodSandboxConfig } from "../cri.ts"
import { profilePrefix } from "./profile.ts"
import { SimulatedImages } from "./simulated-images.ts"
import { SimulatedRuntime } from "./simulated-runtime.ts"

function create() {
  const clock = new SimulatedClock()
  const runtime = new SimulatedRuntime({
    clock,
    random: new SeededRandom("runtime"),
    assignIp: () => "10.0.0.9",
  })
  return { clock, runtime, images: new SimulatedImages({ clock, pullDelayMs: 500 }) }
}

runtimeContract("simulated", async () => {
  const { clock, runtime, images } = create()
  const pulled = images.pullImage("busybox")
  await clock.advance(500)
  await pulled
  return {
    runtime,
    images,
    image: "busybox",
    runForever: [],
    endWith: (exitCode) => ({
      command: [],
      annotations: { [`${profilePrefix}exit-code`]: String(exitCode) },
    }),
    logDirectory: "/logs",
    pass: (milliseconds) => clock.advance(milliseconds),
    close: async () => {},
  }
})

describe("simulated runtime", () => {
  const sandbox = (annotations: Record<string, string>): PodSandboxConfig => ({
    metadata: { name: "p", uid: "u", namespace: "d", attempt: 0 },
    labels: {},
    annotations,
  })

  it("gives pods addresses, and none on the host's network", async () => {
    const { runtime } = create()
    const id = await runtime.runPodSandbox(sandbox({}))
    expect((await runtime.podSandboxStatus(id)).ips).toEqual(["10.0.0.9"])
  })

  it("lives by the profile in the pod's annotations", async () => {
    const { clock, runtime } = create()
    const config = sandbox({
      [`${profilePrefix}start-delay`]: "2s",
      [`${profilePrefix}main.run-for`]: "1m",
      [`${profilePrefix}out-of-memory`]: "true",
    })
    const podSandbox = await runtime.runPodSandbox(config)
    const id = await runtime.createContainer(podSandbox, {
      metadata: { name: "main", attempt: 0 },
      image: { image: "busybox" },
      labels: {},
      annotations: {},
    })
    const started = runtime.startContainer(id)
    await clock.advance(1999)
    expect((await runtime.containerStatus(id)).state).toBe("CONTAINER_CREATED")
    await clock.advance(1)
    await started
    expect((await runtime.containerStatus(id)).state).toBe("CONTAINER_RUNNING")
    await clock.advance(60_000)
    expect(await runtime.containerStatus(id)).toMatchObject({
      state: "CONTAINER_EXITED",
      exitCode: 137,
      reason: "OOMKilled",
    })
  })

  it("kills a container that does not end in time, sooner when asked again", async () => {
    const { clock, runtime } = create()
    const config = sandbox({ [`${profilePrefix}stop-delay`]: "1h" })
    const id = await runtime.createContainer(await runtime.runPodSandbox(config), {
      metadata: { name: "main", attempt: 0 },
      image: { image: "busybox" },
      labels: {},
      annotations: {},
    })
    await runtime.startContainer(id)
    const patience = new AbortController()
    const slow = runtime.stopContainer(id, 600, patience.signal)
    await clock.advance(1000)
    patience.abort()
    await expect(slow).rejects.toMatchObject({ code: "Canceled" })
    const fast = runtime.stopContainer(id, 1)
    await clock.advance(1000)
    await fast
    expect(await runtime.containerStatus(id)).toMatchObject({ state: "CONTAINER_EXITED", exitCode: 137 })
  })

  it("cannot pull what is said to be missing", async () => {
    const { clock, images } = create()
    const pull = images.pullImage("app:missing")
    await Promise.all([
      clock.advance(500),
      expect(pull).rejects.toThrow("docker.io/library/app:missing: not found"),
    ])
  })
})
