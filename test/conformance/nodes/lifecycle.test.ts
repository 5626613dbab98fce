import { expect } from "vitest"
import { eventually, type Json } from "../harness.ts"
import {
  createPod,
  getPod,
  idle,
  isPhase,
  isReady,
  logsOf,
  podOf,
  podsPath,
  runPod,
  shell,
  startPod,
  untilPod,
} from "./pods.ts"
import { type NodesWorld, onRealNodes, scripting, useRealNodes } from "./real-nodes.ts"

// In which order containers start and end, and what is asked of them meanwhile.

useRealNodes()

const both = "[Conformance] [NodeConformance]"

/** A server that prints "METHOD path" for every request. */
function listener(name: string): Json {
  const program = `require("node:http").createServer((request, response) => {
    console.log(request.method, request.url)
    response.end("heard")
  }).listen(8080)
  process.on("SIGTERM", () => process.exit(0))`
  const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 }
  return podOf(name, [{ name: "main", image: scripting, args: ["-e", program], readinessProbe }])
}

async function startListener(world: NodesWorld): Promise<string> {
  const { status } = await startPod(world, listener("listener"))
  return status["podIP"]
}
const heard = (world: NodesWorld, line: string) =>
  eventually(async () => (await logsOf(world, "listener")).split("\n").includes(line), `heard ${line}`)

const hooked = "[sig-node] Container Lifecycle Hook when create a pod with lifecycle hook should execute"
for (const hook of ["postStart", "preStop"]) {
  const name = hook.toLowerCase()
  for (const kind of ["exec", "http"]) {
    onRealNodes(`${hooked} ${name} ${kind} hook properly ${both}`, async (world) => {
      const host = await startListener(world)
      const handler =
        kind === "exec"
          ? { exec: { command: ["sh", "-c", `wget -q -O - http://${host}:8080/${name}`] } }
          : { httpGet: { path: `/${name}`, host, port: 8080 } }
      await startPod(world, podOf("hooked", [shell(idle, { lifecycle: { [hook]: handler } })]))
      if (hook === "preStop") await world.api.delete(`${podsPath(world)}/hooked`)
      await heard(world, `GET /${name}`)
    })
  }
}

onRealNodes("[sig-node] PreStop should call prestop when killing a pod [Conformance]", async (world) => {
  const host = await startListener(world)
  const command = ["sh", "-c", `wget -q -O - --post-data=bye http://${host}:8080/write`]
  const pod = podOf("tester", [shell(idle, { lifecycle: { preStop: { exec: { command } } } })])
  await startPod(world, pod)
  await world.api.delete(`${podsPath(world)}/tester`)
  await heard(world, "POST /write")
})

const inits = (second = "true") => [shell("true", { name: "init1" }), shell(second, { name: "init2" })]
const initPod = (restartPolicy: string, main: string, second?: string) =>
  podOf("starting", [shell(main)], { spec: { restartPolicy, initContainers: inits(second) } })
const initialized = ({ status }: Json) =>
  status["conditions"].find(({ type }: Json) => type === "Initialized")?.status

onRealNodes(
  `[sig-node] InitContainer should invoke init containers on a RestartNever pod ${both}`,
  async (world) => {
    const { pod } = await runPod(world, initPod("Never", "true"))
    expect(pod["status"].phase).toBe("Succeeded")
    expect(initialized(pod)).toBe("True")
    for (const each of pod["status"].initContainerStatuses)
      expect(each).toMatchObject({ ready: true, restartCount: 0, state: { terminated: { exitCode: 0 } } })
  },
)
onRealNodes(
  `[sig-node] InitContainer should invoke init containers on a RestartAlways pod ${both}`,
  async (world) => {
    const pod = await startPod(world, initPod("Always", idle))
    expect(pod["status"].phase).toBe("Running")
    expect(initialized(pod)).toBe("True")
    const [first, second] = pod["status"].initContainerStatuses.map((each: Json) => each["state"].terminated)
    expect(Date.parse(first.finishedAt)).toBeLessThanOrEqual(Date.parse(second.startedAt))
  },
)
onRealNodes(
  `[sig-node] InitContainer should not start app containers if init containers fail on a RestartAlways pod ${both}`,
  async (world) => {
    const failing = initPod("Always", idle)
    failing["spec"].initContainers = [shell("false", { name: "init1" }), shell("true", { name: "init2" })]
    await createPod(world, failing)
    const pod = await untilPod(
      world,
      "starting",
      ({ status }) => status.initContainerStatuses?.[0].restartCount >= 3,
      "it was restarted three times",
      100_000,
    )
    expect(pod["status"].phase).toBe("Pending")
    expect(initialized(pod)).toBe("False")
    expect(pod["status"].containerStatuses[0]).toMatchObject({
      ready: false,
      state: { waiting: { reason: "PodInitializing" } },
    })
  },
)
onRealNodes(
  `[sig-node] InitContainer should not start app containers and fail the pod if init containers fail on a RestartNever pod ${both}`,
  async (world) => {
    await createPod(world, initPod("Never", idle, "false"))
    const pod = await untilPod(world, "starting", isPhase("Failed"), "it fails")
    expect(initialized(pod)).toBe("False")
    expect(pod["status"].containerStatuses[0].state.waiting.reason).toBe("PodInitializing")
  },
)

const probing = "[sig-node] Probing container"
const often = { periodSeconds: 1, failureThreshold: 1 }
const restartsOf = (pod: Json): number => pod["status"].containerStatuses?.[0]?.restartCount ?? 0

/** Long enough for a probe that fails to be noticed. */
async function staysUp(world: NodesWorld, container: Json): Promise<void> {
  await startPod(world, podOf("probed", [container], { spec: { restartPolicy: "Always" } }))
  await new Promise((resolve) => setTimeout(resolve, 6000))
  expect(restartsOf(await getPod(world, "probed"))).toBe(0)
}
async function isRestarted(world: NodesWorld, container: Json, times = 1): Promise<number[]> {
  const seen: number[] = []
  await createPod(world, podOf("probed", [container], { spec: { restartPolicy: "Always" } }))
  await untilPod(
    world,
    "probed",
    (pod) => {
      seen.push(restartsOf(pod))
      return restartsOf(pod) >= times
    },
    `it was restarted ${times} times`,
    110_000,
  )
  return seen
}

/** Healthy for so long after its start, then /healthz is a failure. Its port stays open. */
function healthz(healthyMs: number, probe: Json): Json {
  const program = `const started = Date.now()
  require("node:http").createServer((request, response) => {
    response.statusCode = Date.now() - started < ${healthyMs} ? 200 : 500
    response.end()
  }).listen(8080)
  process.on("SIGTERM", () => process.exit(0))`
  return { name: "main", image: scripting, args: ["-e", program], livenessProbe: { ...often, ...probe } }
}
const forEver = 1e9
const http = { httpGet: { path: "/healthz", port: 8080 }, initialDelaySeconds: 2 }

onRealNodes(`${probing} should *not* be restarted with a /healthz http liveness probe ${both}`, (world) =>
  staysUp(world, healthz(forEver, http)),
)
onRealNodes(`${probing} should be restarted with a /healthz http liveness probe ${both}`, async (world) => {
  await isRestarted(world, healthz(4000, http))
})
onRealNodes(`${probing} should *not* be restarted with a tcp:8080 liveness probe ${both}`, (world) =>
  staysUp(world, healthz(3000, { tcpSocket: { port: 8080 }, initialDelaySeconds: 2 })),
)
onRealNodes(`${probing} should have monotonically increasing restart count ${both}`, async (world) => {
  const seen = await isRestarted(world, healthz(2000, { ...http, initialDelaySeconds: 1 }), 3)
  expect(seen).toEqual([...seen].sort((a, b) => a - b))
})

const cat = { exec: { command: ["cat", "/tmp/health"] }, initialDelaySeconds: 1, ...often }
onRealNodes(
  `${probing} should *not* be restarted with a exec "cat /tmp/health" liveness probe ${both}`,
  (world) => staysUp(world, shell(`echo ok > /tmp/health; ${idle}`, { livenessProbe: cat })),
)
onRealNodes(
  `${probing} should be restarted with a exec "cat /tmp/health" liveness probe ${both}`,
  async (world) => {
    const script = `echo ok > /tmp/health; sleep 3; rm /tmp/health; ${idle}`
    await isRestarted(world, shell(script, { livenessProbe: cat }))
  },
)

/** grpc.health.v1.Health by hand: every call is answered with SERVING. */
function grpcServer(port: number): Json {
  const program = `const http2 = require("node:http2")
  http2.createServer().on("stream", (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true })
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }))
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]))
  }).listen(5000)
  process.on("SIGTERM", () => process.exit(0))`
  const livenessProbe = { grpc: { port }, initialDelaySeconds: 2, ...often }
  return { name: "main", image: scripting, args: ["-e", program], livenessProbe }
}
onRealNodes(`${probing} should *not* be restarted with a GRPC liveness probe ${both}`, (world) =>
  staysUp(world, grpcServer(5000)),
)
onRealNodes(`${probing} should be restarted with a GRPC liveness probe ${both}`, async (world) => {
  await isRestarted(world, grpcServer(2333))
})

onRealNodes(
  `${probing} with readiness probe should not be ready before initial delay and never restart ${both}`,
  async (world) => {
    const readinessProbe = { exec: { command: ["true"] }, initialDelaySeconds: 5, periodSeconds: 1 }
    await createPod(world, podOf("probed", [shell(idle, { readinessProbe })]))
    const pod = await untilPod(world, "probed", isReady, "it is ready")
    const readyAt = pod["status"].conditions.find(({ type }: Json) => type === "Ready").lastTransitionTime
    const { startedAt } = pod["status"].containerStatuses[0].state.running
    expect(Date.parse(readyAt) - Date.parse(startedAt)).toBeGreaterThanOrEqual(4000)
    expect(restartsOf(pod)).toBe(0)
  },
)
onRealNodes(
  `${probing} with readiness probe that fails should never be ready and never restart ${both}`,
  async (world) => {
    const readinessProbe = { exec: { command: ["false"] }, periodSeconds: 1 }
    await createPod(world, podOf("probed", [shell(idle, { readinessProbe })]))
    await untilPod(world, "probed", isPhase("Running"), "it runs")
    await new Promise((resolve) => setTimeout(resolve, 6000))
    const pod = await getPod(world, "probed")
    expect(isReady(pod)).toBe(false)
    expect(restartsOf(pod)).toBe(0)
  },
)
