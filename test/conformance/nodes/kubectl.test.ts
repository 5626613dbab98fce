import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "vitest"
import { realClients } from "../../e2e/real-clients.ts"
import { eventually, type Json } from "../harness.ts"
import { ask, serverPod, startClient, untilAnswers } from "./net-servers.ts"
import { getPod, idle, isReady, podsPath, untilPod } from "./pods.ts"
import { type NodesWorld, onRealNodes, scripting, toolbox, useRealNodes } from "./real-nodes.ts"

useRealNodes()

const client = "[sig-cli] Kubectl client"

/** kubectl with a manifest on its standard input. */
function apply(world: NodesWorld, verb: string, manifest: Json): Promise<string> {
  const args = ["--namespace", world.namespace, ...verb.split(" "), "-f", "-"]
  const child = spawn(realClients.kubectl136(), args, {
    env: { ...process.env, KUBECONFIG: world.kubeconfig },
  })
  let output = ""
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
  child.stdin.end(JSON.stringify(manifest))
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      // diff ends with 1 when it has found something.
      if (code === 0 || (code === 1 && verb === "diff")) resolve(output)
      else reject(new Error(`kubectl ${verb}: ${output}`))
    })
  })
}

const template = (labels: Json, image = toolbox, command: Json | undefined = ["sh", "-c", idle]): Json => ({
  metadata: { labels },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "main", image, ...(command && { command }) }],
  },
})
const controllerOf = (name: string, replicas: number, labels: Json): Json => ({
  apiVersion: "v1",
  kind: "ReplicationController",
  metadata: { name, labels },
  spec: { replicas, selector: labels, template: template(labels) },
})
const podNames = async (world: NodesWorld, selector: string): Promise<string[]> =>
  (await world.kubectl("get", "pods", "-l", selector, "-o", "jsonpath={.items[*].metadata.name}"))
    .split(" ")
    .filter(Boolean)
const untilRunning = (world: NodesWorld, selector: string, count: number) =>
  eventually(async () => {
    const { items } = await world.api.get(podsPath(world), { labelSelector: selector })
    const alive = items.filter(({ metadata }: Json) => !metadata.deletionTimestamp)
    return alive.length === count && alive.every(isReady) && alive
  }, `${count} pods run`)

onRealNodes(
  `${client} Kubectl api-versions should check if v1 is in available api versions [Conformance]`,
  async (world) => {
    expect((await world.kubectl("api-versions")).split("\n")).toContain("v1")
  },
)
onRealNodes(
  `${client} Kubectl cluster-info should check if Kubernetes control plane services is included in cluster-info [Conformance]`,
  async (world) => {
    expect(await world.kubectl("cluster-info")).toMatch(/Kubernetes control plane.* is running at/)
  },
)
onRealNodes(`${client} Kubectl version should check is all data is printed [Conformance]`, async (world) => {
  const { clientVersion, serverVersion } = JSON.parse(await world.kubectl("version", "-o", "json")) as Json
  for (const version of [clientVersion, serverVersion])
    for (const field of ["major", "minor", "gitCommit", "gitVersion", "goVersion", "platform", "buildDate"])
      expect(version, field).toHaveProperty(field)
})

onRealNodes(
  `${client} Update Demo should create and stop a replication controller [Conformance]`,
  async (world) => {
    await apply(world, "create", controllerOf("demo", 2, { name: "update-demo" }))
    await untilRunning(world, "name=update-demo", 2)
    await world.kubectl("delete", "rc", "demo", "--grace-period=0", "--force")
    await eventually(async () => (await podNames(world, "name=update-demo")).length === 0, "no pod is left")
  },
)
onRealNodes(`${client} Update Demo should scale a replication controller [Conformance]`, async (world) => {
  await apply(world, "create", controllerOf("demo", 2, { name: "update-demo" }))
  await untilRunning(world, "name=update-demo", 2)
  await world.kubectl("scale", "rc", "demo", "--replicas=1", "--timeout=1m")
  await untilRunning(world, "name=update-demo", 1)
  await world.kubectl("scale", "rc", "demo", "--replicas=2", "--timeout=1m")
  await untilRunning(world, "name=update-demo", 2)
})

/** Keeps what it is told, and tells it again. */
const guestbook = `const entries = []
  require("node:http").createServer((request, response) => {
    const { searchParams } = new URL(request.url, "http://x")
    if (searchParams.has("value")) entries.push(searchParams.get("value"))
    response.end(entries.join(","))
  }).listen(8080)
  process.on("SIGTERM", () => process.exit(0))`
/** Asks the Service "primary" what it was asked itself. */
const frontend = `require("node:http").createServer((request, response) => {
    require("node:http").get("http://primary:6379" + request.url, (answer) => answer.pipe(response))
      .on("error", (error) => { response.statusCode = 502; response.end(String(error)) })
  }).listen(8080)
  process.on("SIGTERM", () => process.exit(0))`
onRealNodes(
  `${client} Guestbook application should create and stop a working application [Conformance]`,
  async (world) => {
    const deployment = (name: string, replicas: number, program: string): Json => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: serverPod(name, {}, {}, program)["spec"] },
      },
    })
    const service = (name: string, port: number): Json => ({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ port, targetPort: 8080 }] },
    })
    const items = [
      deployment("primary", 1, guestbook),
      deployment("replica", 2, guestbook),
      deployment("frontend", 3, frontend),
      service("primary", 6379),
      service("replica", 6379),
      service("frontend", 80),
    ].map((item) => {
      const spec = item["spec"].template?.spec
      if (spec) spec.restartPolicy = "Always"
      return item
    })
    await apply(world, "create", { apiVersion: "v1", kind: "List", items })
    for (const name of ["primary", "replica", "frontend"])
      await world.kubectl("rollout", "status", `deployment/${name}`, "--timeout=90s")
    await startClient(world)
    await untilAnswers(
      () => ask(world, "'http://frontend/?value=TestEntry'"),
      (answer) => answer === "TestEntry",
      "it is kept",
    )
    await untilAnswers(
      () => ask(world, "http://frontend/"),
      (answer) => answer.startsWith("TestEntry"),
      "it is told again",
    )
    await world.kubectl("delete", "deployments,services", "--all")
  },
)

onRealNodes(
  `${client} Kubectl describe should check if kubectl describe prints relevant information for rc and pods [Conformance]`,
  async (world) => {
    await apply(world, "create", controllerOf("primary", 1, { app: "primary" }))
    await world.kubectl("expose", "rc", "primary", "--port=6379", "--target-port=8080")
    const [pod] = await untilRunning(world, "app=primary", 1)
    const describes = async (what: string, ...patterns: RegExp[]) => {
      const text = await world.kubectl("describe", ...what.split(" "))
      for (const pattern of patterns) expect(text, what).toMatch(pattern)
    }
    const namespace = new RegExp(`Namespace: +${world.namespace}`)
    const { nodeName } = pod["spec"]
    await describes(
      `pod ${pod["metadata"].name}`,
      /Name: +primary-/,
      namespace,
      /Labels: +app=primary/,
      /Status: +Running/,
      /IP: +\d/,
      /Controlled By: +ReplicationController\/primary/,
      new RegExp(`Image: +${toolbox}`),
      /State: +Running/,
      /QoS Class: +BestEffort/,
    )
    await describes(
      "rc primary",
      /Name: +primary/,
      namespace,
      /Selector: +app=primary/,
      /Replicas: +1 current \/ 1 desired/,
      /Pods Status: +1 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed/,
      /Events:/,
    )
    await describes(
      "service primary",
      /Name: +primary/,
      namespace,
      /Type: +ClusterIP/,
      /Port: +<unset> +6379\/TCP/,
      /Endpoints: +\d/,
    )
    await describes(
      `node ${nodeName}`,
      /Name: /,
      /Labels:/,
      /Conditions:/,
      /MemoryPressure/,
      /Addresses:/,
      /Capacity:/,
      /Kubelet Version:/,
      /Non-terminated Pods:/,
    )
    await describes(`namespace ${world.namespace}`, /Name: /, /Status: +Active/)
  },
)

onRealNodes(`${client} Kubectl expose should create services for rc [Conformance]`, async (world) => {
  await apply(world, "create", controllerOf("primary", 1, { app: "primary" }))
  const [pod] = await untilRunning(world, "app=primary", 1)
  await world.kubectl("expose", "rc", "primary", "--name=rm2", "--port=1234", "--target-port=6379")
  await world.kubectl("expose", "service", "rm2", "--name=rm3", "--port=2345", "--target-port=6379")
  for (const [name, port] of [
    ["rm2", 1234],
    ["rm3", 2345],
  ] as const) {
    const base = `/api/v1/namespaces/${world.namespace}`
    const { spec } = await world.api.get(`${base}/services/${name}`)
    expect(spec["ports"]).toMatchObject([{ port, targetPort: 6379 }])
    await eventually(async () => {
      const { body } = await world.api.send("GET", `${base}/endpoints/${name}`)
      return body["subsets"]?.[0]?.addresses?.[0]?.targetRef?.uid === pod["metadata"].uid
    }, `${name} leads to the pod`)
  }
})

const pausing = (world: NodesWorld) =>
  world.kubectl("run", "pause", `--image=${toolbox}`, "--command", "--", "sh", "-c", idle)
onRealNodes(`${client} Kubectl label should update the label on a resource [Conformance]`, async (world) => {
  await pausing(world)
  await world.kubectl("label", "pods", "pause", "testing-label=testing-label-value")
  expect(await world.kubectl("get", "pod", "pause", "-L", "testing-label")).toContain("testing-label-value")
  await world.kubectl("label", "pods", "pause", "testing-label-")
  expect(await world.kubectl("get", "pod", "pause", "-L", "testing-label")).not.toContain(
    "testing-label-value",
  )
})
onRealNodes(`${client} Kubectl patch should add annotations for pods in rc [Conformance]`, async (world) => {
  await apply(world, "create", controllerOf("primary", 2, { app: "primary" }))
  await untilRunning(world, "app=primary", 2)
  for (const name of await podNames(world, "app=primary")) {
    await world.kubectl("patch", "pod", name, "-p", '{"metadata":{"annotations":{"x":"y"}}}')
    expect((await getPod(world, name))["metadata"].annotations).toMatchObject({ x: "y" })
  }
})
onRealNodes(
  `${client} Kubectl replace should update a single-container pod's image [Conformance]`,
  async (world) => {
    await pausing(world)
    await untilPod(world, "pause", isReady, "it runs")
    const pod = JSON.parse(await world.kubectl("get", "pod", "pause", "-o", "json")) as Json
    pod["spec"].containers[0].image = scripting
    await apply(world, "replace", pod)
    expect((await getPod(world, "pause"))["spec"].containers[0].image).toBe(scripting)
  },
)
onRealNodes(
  `${client} Kubectl run pod should create a pod from an image when restart is Never [Conformance]`,
  async (world) => {
    await world.kubectl("run", "once", "--restart=Never", "--pod-running-timeout=2m0s", `--image=${toolbox}`)
    const { spec } = await getPod(world, "once")
    expect(spec["restartPolicy"]).toBe("Never")
    expect(spec["containers"]).toMatchObject([{ name: "once", image: toolbox }])
  },
)
onRealNodes(
  `${client} Kubectl server-side dry-run should check if kubectl can dry-run update Pods [Conformance]`,
  async (world) => {
    await pausing(world)
    const patch = `{"spec":{"containers":[{"name":"pause","image":"${scripting}"}]}}`
    await world.kubectl("patch", "pod", "pause", "-p", patch, "--dry-run=server")
    expect((await getPod(world, "pause"))["spec"].containers[0].image).toBe(toolbox)
  },
)
onRealNodes(
  `${client} Kubectl diff should check if kubectl diff finds a difference for Deployments [Conformance]`,
  async (world) => {
    const deployment = (image: string): Json => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "httpd-deployment" },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "httpd" } },
        template: template({ app: "httpd" }, image),
      },
    })
    await apply(world, "create", deployment(toolbox))
    const difference = await apply(world, "diff", deployment(scripting))
    expect(difference).toMatch(new RegExp(`^-.*image: ${toolbox}$`, "m"))
    expect(difference).toMatch(new RegExp(`^\\+.*image: ${scripting}$`, "m"))
  },
)

/** `kubectl proxy` with these flags, for as long as `use` takes; it gets what the proxy has printed. */
async function withProxy<T>(
  world: NodesWorld,
  flags: string[],
  use: (printed: () => string) => Promise<T>,
): Promise<T> {
  const child = spawn(realClients.kubectl136(), ["proxy", ...flags], {
    env: { ...process.env, KUBECONFIG: world.kubeconfig },
  })
  let printed = ""
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk.toString()))
  try {
    await eventually(async () => printed.includes("Starting to serve on"), "the proxy serves")
    return await use(() => printed)
  } finally {
    child.kill()
  }
}
function getJson(options: { socketPath: string } | { port: number }): Promise<Json> {
  return new Promise((resolve, reject) => {
    request({ ...options, path: "/api/", host: "127.0.0.1" }, (answer) => {
      let text = ""
      answer.on("data", (chunk: Buffer) => (text += chunk.toString()))
      answer.on("end", () => resolve(JSON.parse(text) as Json))
    })
      .on("error", reject)
      .end()
  })
}
onRealNodes(`${client} Proxy server should support proxy with --port 0 [Conformance]`, (world) =>
  withProxy(world, ["--port=0"], async (printed) => {
    const port = Number(/127\.0\.0\.1:(\d+)/.exec(printed())![1])
    expect((await getJson({ port }))["versions"]).toEqual(["v1"])
  }),
)
onRealNodes(`${client} Proxy server should support --unix-socket=/path [Conformance]`, async (world) => {
  const directory = mkdtempSync(join(tmpdir(), "coracle-proxy-"))
  const socketPath = join(directory, "socket")
  try {
    await withProxy(world, [`--unix-socket=${socketPath}`], async () =>
      expect((await getJson({ socketPath }))["versions"]).toEqual(["v1"]),
    )
  } finally {
    rmSync(directory, { recursive: true })
  }
})

onRealNodes(
  "[sig-cli] Kubectl logs logs should be able to retrieve and filter logs [Conformance]",
  async (world) => {
    const script = `for i in $(seq 10); do echo "line $i"; done; ${idle}`
    await world.kubectl("run", "logger", `--image=${toolbox}`, "--command", "--", "sh", "-c", script)
    await untilPod(world, "logger", isReady, "it runs")
    const logs = (...flags: string[]) => world.kubectl("logs", "logger", ...flags)
    await eventually(async () => (await logs()).includes("line 10"), "all is logged")
    expect(await logs("--tail=1")).toBe("line 10\n")
    expect(await logs("--limit-bytes=1")).toBe("l")
    expect(await logs("--tail=1", "--timestamps")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 10\n$/)
    await new Promise((resolve) => setTimeout(resolve, 2500))
    expect((await logs("--since=1s")).length).toBeLessThan((await logs("--since=24h")).length)
  },
)
