import { expect } from "vitest"
import { eventually, type Json } from "../harness.ts"
import { execIn, idle, outputOf, podOf, shell, startPod } from "./pods.ts"
import { type NodesWorld, onRealNodes, useRealNodes } from "./real-nodes.ts"

// Volumes whose files are the keys of a ConfigMap or a Secret, by themselves or as a part of a projected volume.

useRealNodes()

interface Options {
  readonly items?: readonly Json[]
  readonly defaultMode?: number
  readonly optional?: boolean
}

interface Keyed {
  /** As codenames begin: "[sig-storage] ConfigMap". */
  readonly title: string
  readonly plural: "configmaps" | "secrets"
  volume(source: string, options?: Options): Json
}

const without = (options: Options, mode: boolean): Json =>
  Object.fromEntries(
    Object.entries(options).filter(([key, value]) => value !== undefined && (key !== "defaultMode" || mode)),
  )
const projected = (source: Json, { defaultMode }: Options): Json => ({
  projected: { sources: [source], ...(defaultMode !== undefined && { defaultMode }) },
})

const configMap: Keyed = {
  title: "[sig-storage] ConfigMap",
  plural: "configmaps",
  volume: (name, options = {}) => ({ configMap: { name, ...without(options, true) } }),
}
const secret: Keyed = {
  title: "[sig-storage] Secrets",
  plural: "secrets",
  volume: (secretName, options = {}) => ({ secret: { secretName, ...without(options, true) } }),
}
const projectedConfigMap: Keyed = {
  title: "[sig-storage] Projected configMap",
  plural: "configmaps",
  volume: (name, options = {}) => projected({ configMap: { name, ...without(options, false) } }, options),
}
const projectedSecret: Keyed = {
  title: "[sig-storage] Projected secret",
  plural: "secrets",
  volume: (name, options = {}) => projected({ secret: { name, ...without(options, false) } }, options),
}

const pathOf = ({ namespace }: NodesWorld, { plural }: Keyed) => `/api/v1/namespaces/${namespace}/${plural}`

function makeSource(
  world: NodesWorld,
  keyed: Keyed,
  name: string,
  data: Record<string, string>,
): Promise<Json> {
  const field = keyed.plural === "secrets" ? "stringData" : "data"
  return world.api.create(pathOf(world, keyed), { metadata: { name }, [field]: data })
}

function changeSource(
  world: NodesWorld,
  keyed: Keyed,
  name: string,
  data: Record<string, string>,
): Promise<Json> {
  const field = keyed.plural === "secrets" ? "stringData" : "data"
  return world.api.patch(`${pathOf(world, keyed)}/${name}`, { [field]: data })
}

/** What a pod finds at `path` below /etc/volume: "-rw-r--r-- value-1". */
async function look(
  world: NodesWorld,
  volume: Json,
  path: string,
  spec: Json = {},
): Promise<{ mode: string; content: string }> {
  const container = shell(`ls -lL /etc/volume/${path} | cut -c1-10; cat /etc/volume/${path}`, {
    volumeMounts: [{ name: "volume", mountPath: "/etc/volume", readOnly: true }],
  })
  const pod = podOf("reader", [container], { spec: { volumes: [{ name: "volume", ...volume }], ...spec } })
  const [mode = "", ...content] = (await outputOf(world, pod)).split("\n")
  return { mode, content: content.join("\n") }
}

const data = { "data-1": "value-1", "data-2": "value-2", "data-3": "value-3" }
const mapped = [{ key: "data-2", path: "path/to/data-2" }]
const nonRoot = { securityContext: { runAsUser: 1000 } }
const readable = "-rw-r--r--"
const owners = "-r--------"

interface Case {
  readonly options?: Options
  readonly path?: string
  readonly spec?: Json
  readonly mode?: string
}

function consumed(
  keyed: Keyed,
  rest: string,
  { options, path = "data-1", spec, mode = readable }: Case,
): void {
  onRealNodes(`${keyed.title} should be consumable from pods in volume${rest}`, async (world) => {
    await makeSource(world, keyed, "source", data)
    const found = await look(world, keyed.volume("source", options), path, spec)
    expect(found).toEqual({ mode, content: path === "data-1" ? "value-1" : "value-2" })
  })
}

const both = " [Conformance] [NodeConformance]"
const linux = " [LinuxOnly] [Conformance] [NodeConformance]"
const mappedCase = { options: { items: mapped }, path: "path/to/data-2" }
const itemMode = {
  options: { items: [{ ...mapped[0]!, mode: 0o400 }] },
  path: "path/to/data-2",
  mode: owners,
}

for (const keyed of [configMap, projectedConfigMap]) {
  consumed(keyed, both, {})
  consumed(keyed, ` as non-root${both}`, { spec: nonRoot })
  consumed(keyed, ` with defaultMode set${linux}`, { options: { defaultMode: 0o400 }, mode: owners })
  consumed(keyed, ` with mappings${both}`, mappedCase)
  consumed(keyed, ` with mappings and Item mode set${linux}`, itemMode)
  consumed(keyed, ` with mappings as non-root${both}`, { ...mappedCase, spec: nonRoot })
}
for (const keyed of [secret, projectedSecret]) {
  consumed(keyed, both, {})
  consumed(keyed, ` as non-root with defaultMode and fsGroup set${linux}`, {
    options: { defaultMode: 0o440 },
    spec: { securityContext: { runAsUser: 1000, fsGroup: 1001 } },
    mode: "-r--r-----",
  })
  consumed(keyed, ` with defaultMode set${linux}`, { options: { defaultMode: 0o400 }, mode: owners })
  consumed(keyed, ` with mappings${both}`, mappedCase)
  consumed(keyed, ` with mappings and Item Mode set${linux}`, itemMode)
}

const several: [Keyed, string][] = [
  [configMap, "in the same pod"],
  [projectedConfigMap, "in the same pod"],
  [secret, "in a pod"],
  [projectedSecret, "in a pod"],
]
for (const [keyed, where] of several) {
  onRealNodes(`${keyed.title} should be consumable in multiple volumes ${where}${both}`, async (world) => {
    await makeSource(world, keyed, "source", data)
    const volume = keyed.volume("source")
    const container = shell("cat /etc/one/data-1 /etc/two/data-1", {
      volumeMounts: [
        { name: "one", mountPath: "/etc/one" },
        { name: "two", mountPath: "/etc/two" },
      ],
    })
    const volumes = [
      { name: "one", ...volume },
      { name: "two", ...volume },
    ]
    expect(await outputOf(world, podOf("reader", [container], { spec: { volumes } }))).toBe("value-1value-1")
  })
}

for (const keyed of [configMap, projectedConfigMap]) {
  onRealNodes(`${keyed.title} updates should be reflected in volume${both}`, async (world) => {
    await makeSource(world, keyed, "source", data)
    await startPod(world, watcher([{ name: "one", ...keyed.volume("source") }]))
    expect(await execIn(world, "watcher", "cat /etc/one/data-1")).toBe("value-1")
    await changeSource(world, keyed, "source", { "data-1": "value-2" })
    await untilFile(world, "/etc/one/data-1", "value-2")
  })
}

for (const keyed of [configMap, projectedConfigMap, secret, projectedSecret]) {
  onRealNodes(`${keyed.title} optional updates should be reflected in volume${both}`, async (world) => {
    await makeSource(world, keyed, "deleted", { "data-1": "value-1" })
    await makeSource(world, keyed, "updated", { "data-1": "value-1" })
    const volume = (name: string) => ({ name, ...keyed.volume(name, { optional: true }) })
    await startPod(world, watcher(["deleted", "updated", "created"].map(volume)))
    await world.api.delete(`${pathOf(world, keyed)}/deleted`)
    await changeSource(world, keyed, "updated", { "data-3": "value-3" })
    await makeSource(world, keyed, "created", { "data-1": "value-1" })
    await untilFile(world, "/etc/created/data-1", "value-1")
    await untilFile(world, "/etc/updated/data-3", "value-3")
    await untilFile(world, "/etc/deleted/data-1", "")
  })
}

/** A pod that shows its volumes at /etc/NAME for as long as it is asked. */
function watcher(volumes: Json[]): Json {
  const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/etc/${name}` }))
  return podOf("watcher", [shell(idle, { volumeMounts })], { spec: { volumes } })
}

/** "" for a file that is not there. */
async function untilFile(world: NodesWorld, path: string, content: string): Promise<void> {
  await eventually(
    async () => (await execIn(world, "watcher", `cat ${path} 2>/dev/null || true`)) === content,
    `${path} holds ${JSON.stringify(content)}`,
    120_000,
  )
}

onRealNodes(
  "[sig-storage] ConfigMap binary data should be reflected in volume [Conformance] [NodeConformance]",
  async (world) => {
    const binary = Buffer.from([0xde, 0xca, 0xfe, 0x00, 0xba, 0xd0, 0xfe, 0xff])
    await world.api.create(pathOf(world, configMap), {
      metadata: { name: "source" },
      data: { text: "text" },
      binaryData: { "dump.bin": binary.toString("base64") },
    })
    const container = shell("cat /etc/volume/text; echo; od -An -tx1 /etc/volume/dump.bin", {
      volumeMounts: [{ name: "volume", mountPath: "/etc/volume" }],
    })
    const volumes = [{ name: "volume", ...configMap.volume("source") }]
    const output = await outputOf(world, podOf("reader", [container], { spec: { volumes } }))
    expect(output.trim().split(/\s+/)).toEqual(["text", ...binary.toString("hex").match(/../g)!])
  },
)

onRealNodes(
  "[sig-storage] Secrets should be able to mount in a volume regardless of a different secret existing with same name in different namespace [Conformance] [NodeConformance]",
  async (world) => {
    const other = `${world.namespace}-other`
    await world.api.create("/api/v1/namespaces", { metadata: { name: other } })
    try {
      await makeSource({ ...world, namespace: other }, secret, "same", { "data-1": "not this" })
      await makeSource(world, secret, "same", data)
      expect(await look(world, secret.volume("same"), "data-1")).toEqual({
        mode: readable,
        content: "value-1",
      })
    } finally {
      await world.api.delete(`/api/v1/namespaces/${other}`)
    }
  },
)

onRealNodes(
  "[sig-storage] Projected combined should project all components that make up the projection API [Projection] [Conformance] [NodeConformance]",
  async (world) => {
    await makeSource(world, configMap, "config", { "configmap-data": "from the map" })
    await makeSource(world, secret, "secret", { "secret-data": "from the secret" })
    const sources = [
      { secret: { name: "secret" } },
      { configMap: { name: "config" } },
      { downwardAPI: { items: [{ path: "podname", fieldRef: { fieldPath: "metadata.name" } }] } },
    ]
    const container = shell("cd /all; cat podname secret-data configmap-data", {
      volumeMounts: [{ name: "all", mountPath: "/all" }],
    })
    const volumes = [{ name: "all", projected: { sources } }]
    const output = await outputOf(world, podOf("reader", [container], { spec: { volumes } }))
    expect(output).toBe("readerfrom the secretfrom the map")
  },
)

onRealNodes("[sig-storage] EmptyDir wrapper volumes should not conflict [Conformance]", async (world) => {
  await makeSource(world, configMap, "config", data)
  await makeSource(world, secret, "secret", data)
  const volumes = [
    { name: "config", ...configMap.volume("config") },
    { name: "secret", ...secret.volume("secret") },
  ]
  await startPod(world, watcher(volumes))
})

onRealNodes(
  "[sig-storage] EmptyDir wrapper volumes should not cause race condition when used for configmaps [Conformance] [Serial]",
  async (world) => {
    const names = Array.from({ length: 50 }, (_, index) => `racey-${index}`)
    await Promise.all(names.map((name) => makeSource(world, configMap, name, { "data-1": "value-1" })))
    const volumes = names.map((name) => ({ name, ...configMap.volume(name) }))
    const template = watcher(volumes)
    const labels = { name: "racey" }
    await world.api.create(`/api/v1/namespaces/${world.namespace}/replicationcontrollers`, {
      metadata: { name: "racey" },
      spec: {
        replicas: 5,
        selector: labels,
        template: { metadata: { labels }, spec: { ...template["spec"], restartPolicy: "Always" } },
      },
    })
    const controller = `/api/v1/namespaces/${world.namespace}/replicationcontrollers/racey`
    await eventually(
      async () => (await world.api.get(controller))["status"].readyReplicas === 5,
      "5 pods run",
    )
    const { items } = await world.api.get(`/api/v1/namespaces/${world.namespace}/events`, {
      fieldSelector: "reason=FailedMount",
    })
    expect(items).toEqual([])
  },
)
