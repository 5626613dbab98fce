import { expect, it } from "vitest"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { RuntimeError, type RuntimeService } from "./cri.ts"
import { SimulatedRuntime } from "./simulated/simulated-runtime.ts"
import { stopAllPods } from "./stop-all-pods.ts"

async function runTwoPods() {
  const clock = new SimulatedClock()
  const runtime = new SimulatedRuntime({
    clock,
    random: new SeededRandom("stop"),
    assignIp: () => "10.0.0.9",
  })
  const containers: string[] = []
  for (const name of ["a", "b"]) {
    const config = { metadata: { name, uid: name, namespace: "d", attempt: 0 }, labels: {}, annotations: {} }
    const sandbox = await runtime.runPodSandbox(config)
    const id = await runtime.createContainer(sandbox, {
      metadata: { name: `main-${name}`, attempt: 0 },
      image: { image: "busybox" },
      labels: {},
      annotations: {},
    })
    await runtime.startContainer(id)
    containers.push(id)
  }
  return { clock, runtime, containers }
}

/** The runtime, with some of its calls failing while `isFailing` says so. */
function failing(runtime: RuntimeService, method: keyof RuntimeService, isFailing: (id: string) => boolean) {
  return new Proxy(runtime, {
    get(target, name) {
      const call = (target[name as keyof RuntimeService] as (...args: unknown[]) => unknown).bind(target)
      if (name !== method) return call
      return (...args: unknown[]) =>
        isFailing(args[0] as string)
          ? Promise.reject(new RuntimeError("Unavailable", "the runtime is away"))
          : call(...args)
    },
  })
}

const stillRun = async (runtime: RuntimeService) => ({
  containers: (await runtime.listContainers({ state: "CONTAINER_RUNNING" })).length,
  sandboxes: (await runtime.listPodSandboxes({ state: "SANDBOX_READY" })).length,
})

it("stops every pod although a container does not stop: it goes with its sandbox", async () => {
  const { clock, runtime, containers } = await runTwoPods()
  const stopping = stopAllPods(
    failing(runtime, "stopContainer", (id) => id === containers[0]),
    { graceSeconds: 0, clock },
  )
  await clock.advance(1000)
  await stopping
  expect(await stillRun(runtime)).toEqual({ containers: 0, sandboxes: 0 })
})

it.each(["listContainers", "stopPodSandbox"] as const)("tries again when %s fails once", async (method) => {
  const { clock, runtime } = await runTwoPods()
  let failures = 0
  const stopping = stopAllPods(
    failing(runtime, method, () => failures++ === 0),
    { graceSeconds: 0, clock },
  )
  await clock.advance(1000)
  await stopping
  expect(failures).toBeGreaterThan(1)
  expect(await stillRun(runtime)).toEqual({ containers: 0, sandboxes: 0 })
})

it("stops the others and names the pod that stays", async () => {
  const { clock, runtime } = await runTwoPods()
  const [first] = await runtime.listPodSandboxes()
  const stopping = stopAllPods(
    failing(runtime, "stopPodSandbox", (id) => id === first!.id),
    { graceSeconds: 0, clock },
  )
  const outcome = expect(stopping).rejects.toThrow(
    `pod d/${first!.metadata.name} does not stop: rpc error: code = Unavailable desc = the runtime is away`,
  )
  await clock.advance(60_000)
  await outcome
  expect((await stillRun(runtime)).sandboxes).toBe(1)
})
