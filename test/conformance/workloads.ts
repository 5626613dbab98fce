import { type Api, eventually, type Json } from "./harness.ts"

/*
 * Pods that do what a test needs, on nodes of any kind: on real ones by their command, on simulated ones by annotations that
 * say the same.
 */

export const pauseImage = "registry.k8s.io/pause:3.10"
export const busyboxImage = "registry.k8s.io/e2e-test-images/busybox:1.37.0-1"

/** A template of pods that run until they are stopped. */
export function resting(labels: Json, more: Json = {}): Json {
  return {
    metadata: { labels },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "main", image: pauseImage }], ...more },
  }
}

/** Whether a pod of this template is ready is for the test to say: see `setHealth`. */
export function healthGated(labels: Json): Json {
  return resting(labels, { readinessGates: [{ conditionType: healthGate }] })
}

const healthGate = "conformance.coracle.dev/healthy"

export async function setHealth(api: Api, podPath: string, healthy: boolean): Promise<void> {
  const condition = { type: healthGate, status: healthy ? "True" : "False" }
  await api.patch(`${podPath}/status`, { status: { conditions: [condition] } }, "strategic")
}

/** Makes every pod of a collection healthy or ill, also those that come later, until `stop`. */
export function keepHealth(
  api: Api,
  pods: string,
  labelSelector: string,
): { healthy: boolean; stop(): void } {
  const keeper = { healthy: true, stop: () => clearInterval(timer) }
  const timer = setInterval(() => void look().catch(() => {}), 100)
  async function look(): Promise<void> {
    for (const pod of (await api.get(pods, { labelSelector }))["items"] as Json[]) {
      const gate = pod["status"].conditions?.find(({ type }: Json) => type === healthGate)
      if ((gate?.status === "True") !== keeper.healthy)
        await setHealth(api, `${pods}/${pod["metadata"].name}`, keeper.healthy)
    }
  }
  return keeper
}

export interface Ending {
  /** @default 0 */
  readonly code?: number
  /** Fails once in each container, and succeeds when that is started again. */
  readonly failsOnce?: boolean
  /** Exit codes of a Job's indexes, where they differ from `code`. */
  readonly ofIndex?: Readonly<Record<number, number>>
  /** @default 1 */
  readonly afterSeconds?: number
}

/** A template of pods that end. */
export function ending({ code = 0, failsOnce, ofIndex = {}, afterSeconds = 1 }: Ending = {}): Json {
  const cases = Object.entries(ofIndex).map(([index, own]) => `${index}) exit ${own};;`)
  const last = failsOnce ? "[ -e /data/seen ] || { touch /data/seen; exit 1; }; exit 0" : `exit ${code}`
  const script = `sleep ${afterSeconds}; case "$JOB_COMPLETION_INDEX" in ${cases.join(" ")} *) ${last};; esac`
  const prefix = "simulation.coracle.dev/"
  const annotations = {
    [`${prefix}exit-code`]: failsOnce ? "1 0" : String(code),
    [`${prefix}run-for`]: `${afterSeconds}s`,
    ...Object.fromEntries(
      Object.entries(ofIndex).map(([index, own]) => [`${prefix}index-${index}.exit-code`, String(own)]),
    ),
  }
  return {
    metadata: { annotations },
    spec: {
      restartPolicy: failsOnce ? "OnFailure" : "Never",
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: "data", emptyDir: {} }],
      containers: [
        {
          name: "main",
          image: busyboxImage,
          command: ["sh", "-c", script],
          volumeMounts: [{ name: "data", mountPath: "/data" }],
        },
      ],
    },
  }
}

export function isReady(pod: Json): boolean {
  return pod["status"].conditions?.some(({ type, status }: Json) => type === "Ready" && status === "True")
}

export function isGoing(object: Json): boolean {
  return object["metadata"].deletionTimestamp !== undefined
}

/** The items of a collection, in the order of their names. */
export async function listed(api: Api, path: string, query?: Record<string, string>): Promise<Json[]> {
  const { items } = await api.get(path, query)
  return (items as Json[]).sort((a, b) => (a["metadata"].name < b["metadata"].name ? -1 : 1))
}

/** The pods, once `count` of them are there and ready, and no others. */
export function readyPods(api: Api, path: string, count: number, query?: Record<string, string>) {
  return eventually(async () => {
    const pods = await listed(api, path, query)
    return pods.length === count && pods.every((pod) => isReady(pod) && !isGoing(pod)) && pods
  }, `there are ${count} ready pods`)
}

export function gone(api: Api, path: string): Promise<boolean> {
  return eventually(async () => (await api.send("GET", path)).status === 404, `${path} is gone`)
}

/** Reads, changes, writes: again when somebody else was faster. */
export function change(api: Api, path: string, edit: (object: Json) => void): Promise<Json> {
  return eventually(async () => {
    const object = await api.get(path)
    edit(object)
    const answer = await api.send("PUT", path, { body: object })
    if (answer.status !== 200 && answer.status !== 409)
      throw new Error(`PUT ${path}: ${answer.status} ${answer.body["message"]}`)
    return answer.status === 200 && answer.body
  }, `${path} can be changed`)
}

/** What "validate ... Status endpoints" asks: the status is read, updated and patched by itself, and the changes last. */
export async function operateStatus(api: Api, path: string): Promise<void> {
  const conditionOf = (object: Json, type: string) =>
    object["status"].conditions?.find((each: Json) => each["type"] === type)
  const status = `${path}/status`
  expectTruth((await api.get(status))["status"] !== undefined, "the status can be read")
  const condition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from e2e test" }
  const updated = await change(api, status, (object) => {
    object["status"].conditions = [...(object["status"].conditions ?? []), condition]
  })
  expectTruth(conditionOf(updated, "StatusUpdate")?.message === "Set from e2e test", "the update is told")
  expectTruth(conditionOf(await api.get(path), "StatusUpdate") !== undefined, "the update lasts")
  const patched = await api.patch(status, {
    status: { conditions: [{ type: "StatusPatched", status: "True" }] },
  })
  expectTruth(conditionOf(patched, "StatusPatched")?.status === "True", "the patch is told")
  expectTruth(conditionOf(await api.get(path), "StatusPatched") !== undefined, "the patch lasts")
}

function expectTruth(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`)
}

/** `scale` is read, updated and patched, and `spec.replicas` follows. From 1 replica to 2 to 4. */
export async function operateScale(api: Api, path: string): Promise<void> {
  const scale = `${path}/scale`
  const first = await api.get(scale)
  expectTruth(first["kind"] === "Scale" && first["spec"].replicas === 1, "the scale is 1")
  const updated = await change(api, scale, (object) => {
    object["spec"].replicas = 2
  })
  expectTruth(updated["spec"].replicas === 2, "the update is told")
  expectTruth((await api.get(path))["spec"].replicas === 2, "the object follows the update")
  await api.patch(scale, { spec: { replicas: 4 } })
  expectTruth((await api.get(path))["spec"].replicas === 4, "the object follows the patch")
}
