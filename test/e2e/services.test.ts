import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage, buildNodeImage } from "./images.ts"
import { get, underLoad } from "./load.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const manifest = readFileSync(new URL("web.yaml", import.meta.url), "utf8")

describe.skipIf(missing)("a Service", () => {
  const cluster = new TestCluster()
  let kubectl: Kubectl
  let nodePort: number
  let nodeAddress: string

  beforeAll(async () => {
    await cluster.up()
    await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
    kubectl = cluster.kubectl(realClients.kubectl136())
    await kubectl.call("apply -f -", manifest)
    await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
    const service = await kubectl.json<{ spec: { ports: { nodePort: number }[] } }>("-n shop get service web")
    nodePort = service.spec.ports[0]!.nodePort
    const node = await kubectl.json<{
      items: { status: { addresses: { type: string; address: string }[] } }[]
    }>("get nodes")
    nodeAddress = node.items[0]!.status.addresses.find(({ type }) => type === "InternalIP")!.address
    await kubectl.call("-n shop run client --image=e2e/busybox:1 --restart=Never --command -- sleep 3600")
    await kubectl.call("-n shop wait pod/client --for=condition=Ready --timeout=60s")
  })
  afterAll(() => cluster.destroy())

  const podNames = async () => {
    const { items } = await kubectl.json<{
      items: { metadata: { name: string; deletionTimestamp?: string } }[]
    }>("-n shop get pods -l app=web")
    return items
      .filter(({ metadata }) => !metadata.deletionTimestamp)
      .map(({ metadata }) => metadata.name)
      .sort()
  }
  const fromPod = (command: string) => kubectl.call(`-n shop exec client -- sh -c '${command}'`)

  test("answers a pod under its DNS names, by all pods in turn", async () => {
    const expected = await podNames()
    for (const name of ["web", "web.shop", "web.shop.svc.cluster.local"]) {
      const answers = await fromPod(
        `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do wget -q -O - http://${name}/; done`,
      )
      expect([...new Set(answers.trim().split("\n"))].sort()).toEqual(expected)
    }
  })

  test("answers the host on its node port, by all pods in turn", async () => {
    const expected = await podNames()
    for (const host of ["127.0.0.1", nodeAddress]) {
      const answers = new Set<string>()
      for (let times = 0; times < 20; times++) answers.add((await get(host, nodePort)).trim())
      expect([...answers].sort()).toEqual(expected)
    }
  })

  test("an unready pod gets nothing, until it is ready again", async () => {
    const [unready, ...others] = await podNames()
    await kubectl.call(`-n shop exec ${unready} -c server -- rm /www/ready`)
    await eventually(async () => {
      const answers = new Set<string>()
      for (let times = 0; times < 20; times++) answers.add((await get("127.0.0.1", nodePort)).trim())
      expect([...answers].sort()).toEqual(others)
    })
    await kubectl.call(`-n shop exec ${unready} -c server -- touch /www/ready`)
    await eventually(async () => {
      const answers = new Set<string>()
      for (let times = 0; times < 20; times++) answers.add((await get("127.0.0.1", nodePort)).trim())
      expect(answers).toContain(unready)
    })
  })

  test("pods reach the API server with their token", async () => {
    await cluster.loadImage(buildNodeImage, "e2e/node:1")
    const program = `
      const { readFileSync } = require("node:fs")
      const read = (name) => readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/" + name, "utf8")
      const headers = { authorization: "Bearer " + read("token") }
      const path = "/api/v1/namespaces/" + read("namespace") + "/pods"
      require("node:https").get({ host: "kubernetes.default.svc", path, headers, ca: read("ca.crt") }, (answer) => {
        answer.pipe(process.stdout)
      })`
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "asking", namespace: "shop" },
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "main", image: "e2e/node:1", args: ["-e", program] }],
      },
    }
    await kubectl.call("create -f -", JSON.stringify(pod))
    await kubectl.call("-n shop wait pod/asking --for=jsonpath={.status.phase}=Succeeded --timeout=60s")
    // Known, and not allowed: upstream's words.
    expect(await kubectl.call("-n shop logs asking")).toContain(
      'pods is forbidden: User \\"system:serviceaccount:shop:default\\" cannot list resource \\"pods\\" in API group \\"\\" in the namespace \\"shop\\"',
    )
  })

  test("names outside the cluster and wrong names are told apart", async () => {
    const { spec } = await kubectl.json<{ spec: { clusterIP: string } }>("get service kubernetes")
    expect(await fromPod("nslookup kubernetes.default.svc.cluster.local || true")).toContain(spec.clusterIP)
    expect(await fromPod("nslookup nothing.shop.svc.cluster.local 2>&1 || true")).toMatch(
      /NXDOMAIN|can.t resolve/,
    )
  })

  test("a rolling update under constant load fails no request", async () => {
    const before = await podNames()
    const { answered, failures } = await underLoad(nodePort, async () => {
      await kubectl.call("-n shop set env deployment/web ROUND=2")
      await kubectl.call("-n shop rollout status deployment/web --timeout=120s")
      await new Promise((resolve) => setTimeout(resolve, 3000))
    })
    expect((await podNames()).filter((name) => before.includes(name))).toEqual([])
    expect(answered).toBeGreaterThan(100)
    expect(failures).toEqual([])
  })
})
