import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { integer } from "../../base/random.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { createPodState } from "./become.ts"
import { checkInvariants } from "./check-invariants.ts"
import { hashContainer } from "./hash-container.ts"
import type { PodEffect, PodInput, PodState } from "./pod-state.ts"
import { noRuntimePod, type RuntimeContainer, type RuntimePod, sortRuntimePod } from "./runtime-pod.ts"
import { step } from "./step.ts"

/**
 * A pod's state machine under a world that does what it asks for in its own time and order, and breaks things: seeded, so
 * that a failure can be repeated. Whatever happens, the invariants hold at every step, and once the pod is deleted and the
 * faults stop, it goes.
 */
class World {
  readonly random: SeededRandom
  now = 0
  state: PodState
  runtime: RuntimePod = noRuntimePod
  forgotten = false
  wakeAtMs: number | undefined
  readonly pending: PodEffect[] = []
  readonly seen = new Set<string>()
  faults = true
  #ids = 0

  constructor(seed: string, pod: Pod) {
    this.random = new SeededRandom(seed)
    this.state = createPodState(pod, noRuntimePod, 0)
  }

  chance(probability: number): boolean {
    return this.random.next() < probability
  }

  handle(input: PodInput): void {
    if (this.forgotten) return
    const before = this.state
    const { state, effects, wakeAtMs } = step(before, input, this.now)
    checkInvariants(before, state, effects)
    this.state = state
    this.wakeAtMs = wakeAtMs
    for (const effect of effects) {
      this.seen.add(effect.kind)
      if (effect.kind === "forget") this.forgotten = true
      else if (effect.kind !== "event") this.pending.push(effect)
    }
  }

  tick(): void {
    this.now += integer(this.random, 3000)
    if (this.wakeAtMs !== undefined && this.wakeAtMs <= this.now) this.handle({ kind: "timer" })
    if (this.pending.length > 0 && this.chance(0.7)) {
      const [effect] = this.pending.splice(integer(this.random, this.pending.length), 1)
      this.perform(effect!)
    }
    if (this.faults && this.chance(0.1)) this.breakSomething()
    if (this.chance(0.1)) this.observe()
    for (const container of this.runtime.containers)
      if (container.name === "init" && container.state === "running") this.put(ended(container, this.now, 0))
  }

  perform(effect: PodEffect): void {
    const fails = this.faults && this.chance(0.2)
    const retryAtMs = this.now + 1000
    switch (effect.kind) {
      case "prepare":
        return this.handle(fails ? { kind: "setupFailed", retryAtMs } : { kind: "setupDone" })
      case "startSandbox": {
        if (fails) return this.handle({ kind: "sandboxFailed", retryAtMs })
        const sandbox = {
          id: this.id(),
          attempt: effect.attempt,
          ready: true,
          createdAtMs: this.now,
          ips: ["10.0.0.1"],
        }
        this.runtime = sortRuntimePod({ ...this.runtime, sandboxes: [sandbox, ...this.runtime.sandboxes] })
        return this.handle({ kind: "sandboxStarted", sandbox })
      }
      case "stopSandboxes":
        this.runtime = {
          sandboxes: this.runtime.sandboxes.map((sandbox) => ({ ...sandbox, ready: false })),
          containers: this.runtime.containers.map((container) => ended(container, this.now, 137)),
        }
        return this.handle({ kind: "sandboxStopped", runtime: this.runtime })
      case "startContainer": {
        const { name, attempt, sandboxId } = effect
        const sandbox = this.runtime.sandboxes.find(({ id }) => id === sandboxId)
        if (fails || !sandbox?.ready)
          return this.handle({ kind: "startFailed", name, reason: "ErrImagePull", message: "", retryAtMs })
        const container = running(this.id(), name, attempt, sandboxId, this.now)
        this.put(container)
        this.handle({ kind: "containerObserved", container })
        return this.handle({ kind: "startDone", name })
      }
      case "stopContainer": {
        const container = this.runtime.containers.find(({ id }) => id === effect.id)
        if (container) this.put(ended(container, this.now, 0))
        if (container) this.handle({ kind: "containerObserved", container: ended(container, this.now, 0) })
        return this.handle({ kind: "stopDone", name: effect.name, id: effect.id })
      }
      case "removeContainers":
        this.runtime = {
          ...this.runtime,
          containers: this.runtime.containers.filter(
            ({ id }) => !effect.containers.some((each) => each.id === id),
          ),
        }
        return
      case "removeSandboxes":
        this.runtime = {
          ...this.runtime,
          sandboxes: this.runtime.sandboxes.filter(({ id }) => !effect.ids.includes(id)),
        }
        return
      case "cleanUp":
        return this.handle({ kind: fails ? "cleanFailed" : "cleaned" })
      case "deletePod":
        return this.handle({ kind: fails ? "deleteFailed" : "podGone" })
      default:
    }
  }

  breakSomething(): void {
    const victims = this.runtime.containers.filter(({ state }) => state === "running")
    const victim = victims[integer(this.random, Math.max(victims.length, 1))]
    if (victim && this.chance(0.8)) {
      this.put(ended(victim, this.now, this.chance(0.5) ? 1 : 0))
    } else if (victim && this.chance(0.5)) {
      this.handle({
        kind: "probed",
        id: victim.id,
        probe: "liveness",
        result: { success: false, message: "" },
      })
    } else
      this.runtime = {
        ...this.runtime,
        sandboxes: this.runtime.sandboxes.map((sandbox) => ({ ...sandbox, ready: false })),
      }
  }

  observe(): void {
    this.handle({ kind: "observed", runtime: this.runtime })
  }

  put(container: RuntimeContainer): void {
    const others = this.runtime.containers.filter(({ id }) => id !== container.id)
    this.runtime = sortRuntimePod({ ...this.runtime, containers: [container, ...others] })
  }

  id(): string {
    return `id-${this.#ids++}`
  }
}

const image = "app:1"

function running(
  id: string,
  name: string,
  attempt: number,
  sandboxId: string,
  now: number,
): RuntimeContainer {
  return {
    id,
    name,
    attempt,
    sandboxId,
    state: "running",
    createdAtMs: now,
    startedAtMs: now,
    finishedAtMs: 0,
    exitCode: 0,
    reason: "",
    message: "",
    image,
    imageRef: image,
    specHash: hashContainer({ name, image }),
    logPath: "",
    resources: {},
  }
}

function ended(container: RuntimeContainer, now: number, exitCode: number): RuntimeContainer {
  if (container.state === "exited") return container
  return { ...container, state: "exited", finishedAtMs: now, exitCode }
}

function podOf(restartPolicy: string): Pod {
  const container = (name: string, more = {}) => ({ name, image, ...more })
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "d", uid: "u", resourceVersion: "1", creationTimestamp: "" },
    spec: {
      restartPolicy,
      terminationGracePeriodSeconds: 5,
      initContainers: [container("init"), container("sidecar", { restartPolicy: "Always" })],
      containers: [container("a"), container("b")],
    },
    status: {},
  } as unknown as Pod
}

function deleted(pod: Pod, now: number): Pod {
  const deletionTimestamp = new Date(now).toISOString()
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds: 5 } }
}

const allEffects = [
  "abandonStart",
  "cleanUp",
  "deletePod",
  "event",
  "forget",
  "prepare",
  "removeContainers",
  "removeSandboxes",
  "startContainer",
  "startSandbox",
  "stopContainer",
  "stopSandboxes",
]

describe("a pod's state machine", () => {
  const seeds = Array.from({ length: 200 }, (_, index) => `seed-${index}`)

  it.each(["Always", "OnFailure", "Never"])(
    "with restartPolicy %s keeps its invariants, and goes when it is deleted",
    (policy) => {
      const seen = new Set<string>()
      for (const seed of seeds) {
        const world = new World(`${policy}/${seed}`, podOf(policy))
        world.handle({ kind: "timer" })
        for (let tick = 0; tick < 150; tick++) world.tick()
        world.faults = false
        if (world.chance(0.5)) world.handle({ kind: "podChanged", pod: deleted(world.state.pod, world.now) })
        else world.handle({ kind: "podGone" })
        for (let tick = 0; tick < 300 && !world.forgotten; tick++) world.tick()
        if (!world.forgotten)
          throw new Error(`seed ${seed}: the pod does not go: ${JSON.stringify(world.state, null, 1)}`)
        for (const kind of world.seen) seen.add(kind)
      }
      // The test tested: everything there is to ask for was asked for.
      expect([...seen].sort()).toEqual(policy === "Never" ? expect.arrayContaining(["forget"]) : allEffects)
    },
  )

  it.each(["Always", "OnFailure"])("with restartPolicy %s runs everything once faults stop", (policy) => {
    for (const seed of seeds) {
      const world = new World(`live/${policy}/${seed}`, podOf(policy))
      world.handle({ kind: "timer" })
      for (let tick = 0; tick < 100; tick++) world.tick()
      world.faults = false
      for (let tick = 0; tick < 600; tick++) world.tick()
      if (world.state.stage.kind !== "syncing") continue
      const names = world.runtime.containers
        .filter(({ state, sandboxId }) => state === "running" && sandboxId === world.runtime.sandboxes[0]?.id)
        .map(({ name }) => name)
      const wanted = policy === "Always" ? ["a", "b", "sidecar"] : []
      for (const name of wanted)
        if (!names.includes(name))
          throw new Error(`seed ${seed}: ${name} does not run: ${JSON.stringify(world.state, null, 1)}`)
    }
  })
})
