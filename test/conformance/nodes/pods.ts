import { eventually, type Json } from "../harness.ts"
import { type NodesWorld, toolbox } from "./real-nodes.ts"

/** A container that runs a shell script; `more` goes into it as it is. */
export function shell(script: string, more: Json = {}): Json {
  return { name: "main", image: toolbox, command: ["sh", "-c", script], ...more }
}

/** Sleeps, and ends at once when told to. */
export const idle = "trap 'exit 0' TERM; while true; do sleep 0.1; done"

export interface PodParts {
  readonly labels?: Json
  readonly annotations?: Json
  /** Beside the containers. */
  readonly spec?: Json
}

/** @param containers the first is called "main" unless it says otherwise */
export function podOf(name: string, containers: readonly Json[], parts: PodParts = {}): Json {
  return {
    metadata: {
      name,
      ...(parts.labels && { labels: parts.labels }),
      ...(parts.annotations && { annotations: parts.annotations }),
    },
    spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 1, containers, ...parts.spec },
  }
}

export const podsPath = ({ namespace }: NodesWorld) => `/api/v1/namespaces/${namespace}/pods`

export function createPod(world: NodesWorld, pod: Json): Promise<Json> {
  return world.api.create(podsPath(world), pod)
}

export function getPod(world: NodesWorld, name: string): Promise<Json> {
  return world.api.get(`${podsPath(world)}/${name}`)
}

export function untilPod(
  world: NodesWorld,
  name: string,
  check: (pod: Json) => boolean,
  what: string,
  withinMs = 60_000,
): Promise<Json> {
  let last: Json = {}
  return eventually(
    async () => {
      last = await getPod(world, name)
      return check(last) && last
    },
    what,
    withinMs,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last["status"])}`)
  })
}

export const isPhase = (phase: string) => (pod: Json) => pod["status"]["phase"] === phase
export const isReady = (pod: Json) =>
  pod["status"]["conditions"]?.some((each: Json) => each["type"] === "Ready" && each["status"] === "True")

/** The pod, when it is Ready. */
export async function startPod(world: NodesWorld, pod: Json): Promise<Json> {
  await createPod(world, pod)
  const { name } = pod["metadata"]
  return untilPod(world, name, isReady, `pod ${name} is ready`)
}

export async function logsOf(
  world: NodesWorld,
  name: string,
  query: Record<string, string> = {},
): Promise<string> {
  const { text, status } = await world.api.send("GET", `${podsPath(world)}/${name}/log`, { query })
  if (status !== 200) throw new Error(`log of ${name}: ${status} ${text}`)
  return text
}

/** Runs a pod to its end, which must be a success; gives what its first container has printed. */
export async function outputOf(world: NodesWorld, pod: Json): Promise<string> {
  const { pod: ended, output } = await runPod(world, pod)
  if (ended["status"]["phase"] !== "Succeeded")
    throw new Error(`pod failed: ${JSON.stringify(ended["status"])}\n${output}`)
  return output
}

/** Runs a pod to its end, however that is. */
export async function runPod(world: NodesWorld, pod: Json): Promise<{ pod: Json; output: string }> {
  await createPod(world, pod)
  const { name } = pod["metadata"]
  const ended = await untilPod(
    world,
    name,
    ({ status }) => status.phase === "Succeeded" || status.phase === "Failed",
    `pod ${name} has ended`,
  )
  const output = await logsOf(world, name, { container: pod["spec"]["containers"][0]["name"] })
  return { pod: ended, output }
}

export function execIn(
  { kubectl }: NodesWorld,
  pod: string,
  script: string,
  container = "main",
): Promise<string> {
  return kubectl("exec", pod, "-c", container, "--", "sh", "-c", script)
}
