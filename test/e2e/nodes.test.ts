import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, hostState, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { get, underLoad } from "./load.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const manifest = readFileSync(new URL("web.yaml", import.meta.url), "utf8").replace(
  "replicas: 3",
  "replicas: 6",
)

interface Pod {
  metadata: { name: string; uid: string }
  spec: { nodeName: string }
  status: { podIP: string; containerStatuses: { containerID: string; restartCount: number }[] }
}

// Three nodes on one machine, each with a network of its own: what crosses from one to another.
describe.skipIf(missing)("three nodes", () => {
  let before: Record<string, string>
  let cluster: TestCluster
  let kubectl: Kubectl
  let nodePort: number

  beforeAll(async () => {
    before = hostState()
    cluster = new TestCluster(["--nodes", "3"])
    await cluster.up()
    await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
    kubectl = cluster.kubectl(realClients.kubectl136())
    await kubectl.call("apply -f -", manifest)
    await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
    const service = await kubectl.json<{ spec: { ports: { nodePort: number }[] } }>("-n shop get service web")
    nodePort = service.spec.ports[0]!.nodePort
  })
  afterAll(async () => {
    await cluster.destroy()
    expect(hostState()).toEqual(before)
  })

  const pods = async () => (await kubectl.json<{ items: Pod[] }>("-n shop get pods -l app=web")).items
  const processOf = (node: string) =>
    Number(execFileSync("pgrep", ["-f", `node run --data-dir ${cluster.directory}.*--name ${node}`]))

  test("share the pods, and every pod reaches every other and every Service", async () => {
    const all = await pods()
    expect(new Set(all.map(({ spec }) => spec.nodeName))).toEqual(new Set(["node-1", "node-2", "node-3"]))
    const expected = all.map(({ metadata }) => metadata.name).sort()
    const addresses = all.map(({ status }) => status.podIP).join(" ")
    for (const node of ["node-1", "node-2", "node-3"]) {
      const from = all.find(({ spec }) => spec.nodeName === node)!.metadata.name
      const ask = `for ip in ${addresses}; do wget -q -O - http://$ip:8080/; done`
      const answers = await kubectl.call(`-n shop exec ${from} -c server -- sh -c '${ask}'`)
      expect(answers.trim().split("\n").sort(), `from ${node}`).toEqual(expected)
      const byName = await kubectl.call(`-n shop exec ${from} -c server -- wget -q -O - http://web.shop/`)
      expect(expected).toContain(byName.trim())
    }
  })

  test("answer on the node port of each, and of the machine", async () => {
    const expected = (await pods()).map(({ metadata }) => metadata.name)
    const { items } = await kubectl.json<{
      items: { status: { addresses: { type: string; address: string }[] } }[]
    }>("get nodes")
    const addresses = items.map(
      ({ status }) => status.addresses.find(({ type }) => type === "InternalIP")!.address,
    )
    for (const host of ["127.0.0.1", ...addresses])
      expect(expected, host).toContain((await get(host, nodePort)).trim())
  })

  test("are what pods in their network are called after", async () => {
    const container = { name: "c", image: "e2e/busybox:1", command: ["hostname"] }
    for (const nodeName of ["node-1", "node-2"]) {
      const spec = { nodeName, hostNetwork: true, restartPolicy: "Never", containers: [container] }
      const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: `on-${nodeName}` }, spec }
      await kubectl.call("-n shop apply -f -", JSON.stringify(pod))
      const done = "jsonpath={.status.phase}=Succeeded"
      await kubectl.call(`-n shop wait --for=${done} --timeout=60s pod/on-${nodeName}`)
      expect(await kubectl.call(`-n shop logs on-${nodeName}`)).toBe(`${nodeName}\n`)
      await kubectl.call(`-n shop delete pod on-${nodeName}`)
    }
  })

  test("one whose process is killed comes back and finds its containers", async () => {
    const identity = async () =>
      (await pods())
        .map(({ metadata, status }) => [metadata.uid, status.podIP, status.containerStatuses[0]!.containerID])
        .sort()
    const earlier = await identity()
    const killed = processOf("node-2")
    process.kill(killed, "SIGKILL")
    await eventually(async () => expect(processOf("node-2")).not.toBe(killed))
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(await identity()).toEqual(earlier)
    const onNode = (await pods()).find(({ spec }) => spec.nodeName === "node-2")!.metadata.name
    await eventually(async () =>
      expect(await kubectl.call(`-n shop exec ${onNode} -c server -- hostname`)).toContain(onNode),
    )
  })

  test("one is drained under load without a failed request, and takes pods again", async () => {
    const { answered, failures } = await underLoad(nodePort, async () => {
      await kubectl.call("drain node-3 --ignore-daemonsets --delete-emptydir-data --timeout=90s")
      await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
    })
    expect((await pods()).filter(({ spec }) => spec.nodeName === "node-3")).toEqual([])
    expect(answered).toBeGreaterThan(100)
    expect(failures).toEqual([])
    await kubectl.call("uncordon node-3")
    await kubectl.call("-n shop scale deployment web --replicas=9")
    await kubectl.call("-n shop rollout status deployment/web --timeout=90s")
    expect((await pods()).some(({ spec }) => spec.nodeName === "node-3")).toBe(true)
  })

  test("go on after everything was killed at once", async () => {
    const earlier = (await pods()).map(({ metadata }) => metadata.uid).sort()
    process.kill(cluster.pid, "SIGKILL")
    await cluster.up()
    await eventually(async () => {
      expect((await pods()).map(({ metadata }) => metadata.uid).sort()).toEqual(earlier)
      expect(await get("127.0.0.1", nodePort)).toBeTruthy()
    })
  })

  test("that were added are there the next time, until another number is asked for", async () => {
    const names = async () =>
      (await kubectl.json<{ items: { metadata: { name: string } }[] }>("get nodes")).items.map(
        ({ metadata }) => metadata.name,
      )
    await cluster.coracle("node", "add", "extra")
    await cluster.coracle("down")
    await cluster.up([])
    expect(await names()).toEqual(["extra", "node-1", "node-2", "node-3"])
    await cluster.coracle("down")
    await cluster.up(["--nodes", "2"])
    expect(await names()).toEqual(["extra", "node-1", "node-2"])
    expect(cluster.log()).toContain("node-3 is removed, as --nodes 2 wants it")
  })
})
