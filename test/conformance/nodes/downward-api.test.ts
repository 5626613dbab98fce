import { expect } from "vitest"
import { eventually, type Json } from "../harness.ts"
import { execIn, getPod, idle, outputOf, podOf, podsPath, shell, startPod } from "./pods.ts"
import { type NodesWorld, onRealNodes, useRealNodes } from "./real-nodes.ts"

// What a pod can learn of itself: in files, by volumes of two kinds, and in variables.

useRealNodes()

const both = "[Conformance] [NodeConformance]"
const linux = "[LinuxOnly] [Conformance] [NodeConformance]"

interface Shape {
  readonly title: string
  volume(items: readonly Json[], defaultMode?: number): Json
}
const shapes: Shape[] = [
  {
    title: "[sig-storage] Downward API volume",
    volume: (items, defaultMode) => ({ downwardAPI: { items, ...(defaultMode && { defaultMode }) } }),
  },
  {
    title: "[sig-storage] Projected downwardAPI",
    volume: (items, defaultMode) => ({
      projected: { sources: [{ downwardAPI: { items } }], ...(defaultMode && { defaultMode }) },
    }),
  },
]

const resources = {
  requests: { cpu: "250m", memory: "32Mi" },
  limits: { cpu: "1250m", memory: "64Mi" },
}
const resourceItem = (resource: string, divisor: string): Json => ({
  path: "value",
  resourceFieldRef: { containerName: "main", resource, divisor },
})
const volumeMounts = [{ name: "self", mountPath: "/etc/self" }]

function readerOf(volume: Json, more: Json = {}, script = "cat /etc/self/value"): Json {
  const volumes = [{ name: "self", ...volume }]
  return podOf("self-aware", [shell(script, { volumeMounts, ...more })], { spec: { volumes } })
}

for (const { title, volume } of shapes) {
  const wanted: [string, string, string, string][] = [
    ["cpu limit", "limits.cpu", "1m", "1250"],
    ["cpu request", "requests.cpu", "1m", "250"],
    ["memory limit", "limits.memory", "1Mi", "64"],
    ["memory request", "requests.memory", "1Mi", "32"],
  ]
  for (const [what, field, divisor, value] of wanted) {
    onRealNodes(`${title} should provide container's ${what} ${both}`, async (world) => {
      const pod = readerOf(volume([resourceItem(field, divisor)]), { resources })
      expect(await outputOf(world, pod)).toBe(value)
    })
  }

  for (const resource of ["cpu", "memory"]) {
    onRealNodes(
      `${title} should provide node allocatable (${resource}) as default ${resource} limit if the limit is not set ${both}`,
      async (world) => {
        const value = await outputOf(world, readerOf(volume([resourceItem(`limits.${resource}`, "1")])))
        expect(Number(value)).toBe(await allocatableOf(world, "self-aware", resource))
      },
    )
  }

  onRealNodes(`${title} should provide podname only ${both}`, async (world) => {
    const items = [{ path: "value", fieldRef: { fieldPath: "metadata.name" } }]
    expect(await outputOf(world, readerOf(volume(items)))).toBe("self-aware")
  })

  const mode = "stat -Lc %A /etc/self/value"
  onRealNodes(`${title} should set DefaultMode on files ${linux}`, async (world) => {
    const items = [{ path: "value", fieldRef: { fieldPath: "metadata.name" } }]
    expect(await outputOf(world, readerOf(volume(items, 0o400), {}, mode))).toBe("-r--------\n")
  })
  onRealNodes(`${title} should set mode on item file ${linux}`, async (world) => {
    const items = [{ path: "value", mode: 0o400, fieldRef: { fieldPath: "metadata.name" } }]
    expect(await outputOf(world, readerOf(volume(items), {}, mode))).toBe("-r--------\n")
  })

  for (const field of ["labels", "annotations"]) {
    onRealNodes(`${title} should update ${field} on modification ${both}`, async (world) => {
      const items = [{ path: "value", fieldRef: { fieldPath: `metadata.${field}` } }]
      const pod = readerOf(volume(items), {}, idle)
      pod["metadata"][field] = { key1: "value1", key2: "value2" }
      await startPod(world, pod)
      const read = () => execIn(world, "self-aware", "cat /etc/self/value")
      expect((await read()).split("\n")).toEqual(expect.arrayContaining(['key1="value1"', 'key2="value2"']))
      await world.api.patch(`${podsPath(world)}/self-aware`, { metadata: { [field]: { key3: "value3" } } })
      await eventually(async () => (await read()).includes('key3="value3"'), "the new one shows", 120_000)
    })
  }
}

/** In the whole units that a divisor of 1 gives. */
async function allocatableOf(world: NodesWorld, podName: string, resource: string): Promise<number> {
  const { spec } = await getPod(world, podName)
  const { status } = await world.api.get(`/api/v1/nodes/${spec["nodeName"]}`)
  const text: string = status["allocatable"][resource]
  const number = Number.parseFloat(text)
  if (text.endsWith("Ki")) return number * 1024
  return text.endsWith("m") ? Math.ceil(number / 1000) : number
}

const fieldVariable = (name: string, fieldPath: string): Json => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
})
const resourceVariable = (name: string, resource: string): Json => ({
  name,
  valueFrom: { resourceFieldRef: { resource } },
})

async function variablesOf(world: NodesWorld, env: Json[], more: Json = {}, spec: Json = {}): Promise<Json> {
  const output = await outputOf(world, podOf("self-aware", [shell("env", { env, ...more })], { spec }))
  return Object.fromEntries(
    output
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  )
}

onRealNodes(
  `[sig-node] Downward API should provide pod name, namespace and IP address as env vars ${both}`,
  async (world) => {
    const env = [
      fieldVariable("POD_NAME", "metadata.name"),
      fieldVariable("POD_NAMESPACE", "metadata.namespace"),
      fieldVariable("POD_IP", "status.podIP"),
    ]
    const variables = await variablesOf(world, env)
    expect(variables).toMatchObject({ POD_NAME: "self-aware", POD_NAMESPACE: world.namespace })
    expect(variables["POD_IP"]).toBe((await getPod(world, "self-aware"))["status"]["podIP"])
  },
)
onRealNodes(`[sig-node] Downward API should provide host IP as an env var ${both}`, async (world) => {
  const variables = await variablesOf(world, [fieldVariable("HOST_IP", "status.hostIP")])
  expect(variables["HOST_IP"]).toBe((await getPod(world, "self-aware"))["status"]["hostIP"])
})
onRealNodes(`[sig-node] Downward API should provide hostIPs as an env var ${both}`, async (world) => {
  const variables = await variablesOf(world, [fieldVariable("HOST_IPS", "status.hostIPs")])
  const { status } = await getPod(world, "self-aware")
  expect(variables["HOST_IPS"]).toBe(status["hostIPs"].map(({ ip }: Json) => ip).join(","))
})
onRealNodes(`[sig-node] Downward API should provide pod UID as env vars ${both}`, async (world) => {
  const variables = await variablesOf(world, [fieldVariable("POD_UID", "metadata.uid")])
  expect(variables["POD_UID"]).toBe((await getPod(world, "self-aware"))["metadata"]["uid"])
})

const resourceVariables = [
  resourceVariable("CPU_LIMIT", "limits.cpu"),
  resourceVariable("MEMORY_LIMIT", "limits.memory"),
  resourceVariable("CPU_REQUEST", "requests.cpu"),
  resourceVariable("MEMORY_REQUEST", "requests.memory"),
]
onRealNodes(
  `[sig-node] Downward API should provide container's limits.cpu/memory and requests.cpu/memory as env vars ${both}`,
  async (world) => {
    expect(await variablesOf(world, resourceVariables, { resources })).toMatchObject({
      CPU_LIMIT: "2",
      MEMORY_LIMIT: String(64 << 20),
      CPU_REQUEST: "1",
      MEMORY_REQUEST: String(32 << 20),
    })
  },
)
onRealNodes(
  `[sig-node] Downward API should provide default limits.cpu/memory from node allocatable ${both}`,
  async (world) => {
    const variables = await variablesOf(world, resourceVariables.slice(0, 2))
    expect(Number(variables["CPU_LIMIT"])).toBe(await allocatableOf(world, "self-aware", "cpu"))
    expect(Number(variables["MEMORY_LIMIT"])).toBe(await allocatableOf(world, "self-aware", "memory"))
  },
)
