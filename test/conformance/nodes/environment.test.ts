import { expect } from "vitest"
import type { Json } from "../harness.ts"
import {
  createPod,
  execIn,
  idle,
  isReady,
  outputOf,
  podOf,
  podsPath,
  shell,
  startPod,
  untilPod,
} from "./pods.ts"
import { type NodesWorld, onRealNodes, useRealNodes } from "./real-nodes.ts"

// Variables of containers, from where they come and what they expand to.

useRealNodes()

const both = "[Conformance] [NodeConformance]"

async function variablesOf(world: NodesWorld, container: Json): Promise<Record<string, string>> {
  const output = await outputOf(world, podOf("asking", [shell("", { ...container, command: ["env"] })]))
  return Object.fromEntries(
    output
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  )
}

const make = ({ api, namespace }: NodesWorld, plural: string, name: string, data: Json) =>
  api.create(`/api/v1/namespaces/${namespace}/${plural}`, { metadata: { name }, ...data })

const sources = [
  { title: "ConfigMap", plural: "configmaps", data: "data", ref: "configMapRef", keyRef: "configMapKeyRef" },
  { title: "Secrets", plural: "secrets", data: "stringData", ref: "secretRef", keyRef: "secretKeyRef" },
] as const

const codenames = {
  ConfigMap: {
    one: `[sig-node] ConfigMap should be consumable via environment variable ${both}`,
    all: `[sig-node] ConfigMap should be consumable via the environment ${both}`,
    prefixes:
      "[sig-node] ConfigMap should be consumable as environment variable names with various prefixes [Conformance]",
  },
  Secrets: {
    one: `[sig-node] Secrets should be consumable from pods in env vars ${both}`,
    all: `[sig-node] Secrets should be consumable via the environment ${both}`,
    prefixes:
      "[sig-node] Secrets should be consumable as environment variable names variable names with various prefixes [Conformance]",
  },
}

for (const { title, plural, data, ref, keyRef } of sources) {
  const { one, all, prefixes } = codenames[title]
  onRealNodes(one, async (world) => {
    await make(world, plural, "source", { [data]: { "data-1": "value-1" } })
    const env = [{ name: "FROM_KEY", valueFrom: { [keyRef]: { name: "source", key: "data-1" } } }]
    expect((await variablesOf(world, { env }))["FROM_KEY"]).toBe("value-1")
  })

  onRealNodes(all, async (world) => {
    await make(world, plural, "source", { [data]: { data_1: "value-1", data_2: "value-2" } })
    const envFrom = [{ [ref]: { name: "source" } }, { prefix: "p_", [ref]: { name: "source" } }]
    expect(await variablesOf(world, { envFrom })).toMatchObject({
      data_1: "value-1",
      data_2: "value-2",
      p_data_1: "value-1",
      p_data_2: "value-2",
    })
  })

  onRealNodes(prefixes, async (world) => {
    await make(world, plural, "source", { [data]: { data_1: "value-1" } })
    const given = ["1-", "$_*!/", "p_", "~ x.", "#"]
    const envFrom = given.map((prefix) => ({ prefix, [ref]: { name: "source" } }))
    const expected = Object.fromEntries(given.map((prefix) => [`${prefix}data_1`, "value-1"]))
    expect(await variablesOf(world, { envFrom })).toMatchObject(expected)
  })
}

onRealNodes(
  `[sig-node] Variable Expansion should allow composing env vars into new env vars ${both}`,
  async (world) => {
    const env = [
      { name: "FOO", value: "foo-value" },
      { name: "BAR", value: "bar-value" },
      { name: "FOOBAR", value: "$(FOO);;$(BAR)" },
    ]
    expect((await variablesOf(world, { env }))["FOOBAR"]).toBe("foo-value;;bar-value")
  },
)

const testVariable = [{ name: "TEST_VAR", value: "test-value" }]
onRealNodes(
  `[sig-node] Variable Expansion should allow substituting values in a container's command ${both}`,
  async (world) => {
    const command = ["sh", "-c", 'TEST_VAR=wrong echo "$(TEST_VAR)"']
    expect(await outputOf(world, podOf("asking", [shell("", { command, env: testVariable })]))).toBe(
      "test-value\n",
    )
  },
)
onRealNodes(
  `[sig-node] Variable Expansion should allow substituting values in a container's args ${both}`,
  async (world) => {
    const container = {
      command: ["sh", "-c"],
      args: ['TEST_VAR=wrong echo "$(TEST_VAR)"'],
      env: testVariable,
    }
    expect(await outputOf(world, podOf("asking", [shell("", container)]))).toBe("test-value\n")
  },
)

/** A scratch volume at /scratch, and one of its directories, named by a variable, at /part. */
function expanding(subPathExpr: string, script: string, env: Json[], annotations?: Json): Json {
  const container = shell(script, {
    env,
    volumeMounts: [
      { name: "scratch", mountPath: "/part", subPathExpr },
      { name: "scratch", mountPath: "/scratch" },
    ],
  })
  const volumes = [{ name: "scratch", emptyDir: {} }]
  return podOf("expanding", [container], { spec: { volumes }, ...(annotations && { annotations }) })
}
const podName = [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }]

onRealNodes(
  "[sig-node] Variable Expansion should allow substituting values in a volume subpath [Conformance]",
  async (world) => {
    const script = "test -d /scratch/dir-expanding && touch /part/here && ls /scratch/dir-expanding"
    expect(await outputOf(world, expanding("dir-$(POD_NAME)", script, podName))).toBe("here\n")
  },
)

// What upstream calls backticks are steps back.
for (const [what, value] of [
  ["backticks", ".."],
  ["absolute path", "/tmp"],
] as const) {
  onRealNodes(
    `[sig-node] Variable Expansion should fail substituting values in a volume subpath with ${what} [Conformance]`,
    async (world) => {
      await createPod(world, expanding("$(WHERE)", idle, [{ name: "WHERE", value }]))
      const pod = await untilPod(world, "expanding", hasFailed, "its container can't be made")
      expect(pod["status"]["containerStatuses"][0].state.waiting.reason).toBe("CreateContainerConfigError")
    },
  )
}

function hasFailed({ status }: Json): boolean {
  return status.containerStatuses?.[0]?.state.waiting?.reason === "CreateContainerConfigError"
}

const fromAnnotation = [
  { name: "WHERE", valueFrom: { fieldRef: { fieldPath: "metadata.annotations['where']" } } },
]
const annotate = ({ api, ...world }: NodesWorld, where: string) =>
  api.patch(`${podsPath({ api, ...world })}/expanding`, { metadata: { annotations: { where } } })

onRealNodes(
  "[sig-node] Variable Expansion should verify that a failing subpath expansion can be modified during the lifecycle of a container [Conformance] [Slow]",
  async (world) => {
    await createPod(world, expanding("$(WHERE)", idle, fromAnnotation, { where: "/absolute" }))
    await untilPod(world, "expanding", hasFailed, "its container can't be made")
    await annotate(world, "relative")
    await untilPod(world, "expanding", isReady, "it runs")
  },
)

onRealNodes(
  "[sig-node] Variable Expansion should succeed in writing subpaths in container [Conformance]",
  async (world) => {
    await startPod(world, expanding("$(WHERE)", idle, fromAnnotation, { where: "mypath" }))
    await execIn(world, "expanding", "touch /part/written && test -f /scratch/mypath/written")
    await annotate(world, "elsewhere")
    await execIn(world, "expanding", "test -f /part/written")
    await world.api.delete(`${podsPath(world)}/expanding`)
    await untilPod(world, "expanding", () => false, "it goes", 20_000).catch((error: Error) =>
      expect(error.message).toMatch(/404|not found/),
    )
  },
)

onRealNodes(`[sig-node] Pods should contain environment variables for services ${both}`, async (world) => {
  const service = await make(world, "services", "fooservice", {
    spec: { ports: [{ port: 8765, targetPort: 8080 }], selector: { name: "server" } },
  })
  const address = service["spec"].clusterIP
  // The node must know the Service before it starts the pod.
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await variablesOf(world, {})).toMatchObject({
    FOOSERVICE_SERVICE_HOST: address,
    FOOSERVICE_SERVICE_PORT: "8765",
    FOOSERVICE_PORT: `tcp://${address}:8765`,
    FOOSERVICE_PORT_8765_TCP: `tcp://${address}:8765`,
    FOOSERVICE_PORT_8765_TCP_PORT: "8765",
    FOOSERVICE_PORT_8765_TCP_PROTO: "tcp",
    FOOSERVICE_PORT_8765_TCP_ADDR: address,
  })
})
