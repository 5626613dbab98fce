/**
 * What Services cost in the kernel's rules: the first sync, one Service's change, and a new connection through a cluster IP
 * against one straight to the endpoint, with 100, 1,000 and 10,000 Services of 10 endpoints. Needs root; all of it
 * happens in network namespaces of its own.
 *
 * Usage: npm run bench -- proxy
 */
import {
  connectPod,
  createNamespace,
  type TestNamespace,
  whyNoNamespaces,
} from "../src/network/testing/namespaces.ts"
import { cpuTime, cpuTimeBetween } from "./parts/cpu-time.ts"
import { planService } from "../src/proxy/model/plan-service.ts"
import { elementsOf, type Element } from "../src/proxy/nftables/elements.ts"
import { Ruleset } from "../src/proxy/nftables/ruleset.ts"
import { testService, testSlice } from "../src/proxy/testing.ts"

const endpointsEach = 10
const rounds = 20
const probeAddress = "10.96.255.1"
const podAddress = "10.244.0.2"

function serviceElements(name: string, clusterIP: string, addresses: readonly string[]): Element[] {
  const slices = [
    testSlice(
      name,
      addresses.map((address) => ({ address, node: "there" })),
    ),
  ]
  return elementsOf(planService(testService(name, { clusterIP }), slices, { nodeName: "here" })!)
}

const clusterIP = (index: number) => `10.${96 + (index >> 14)}.${(index >> 7) & 127}.${(index & 127) + 1}`
const endpoints = (index: number, shift = 0) =>
  Array.from({ length: endpointsEach }, (_, each) => {
    const host = index * endpointsEach + each + shift
    return `11.${host >> 16}.${(host >> 8) & 255}.${host & 255}`
  })

async function measure(count: number, node: TestNamespace, client: TestNamespace): Promise<void> {
  const ruleset = new Ruleset(
    { prefix: "corbench", podNetworks: ["10.244.0.0/16"], serviceNetworks: ["10.96.0.0/12"] },
    [4],
  )
  const apply = (text: string) => node.commands.run("nft", ["-f", "-"], text)
  const all = new Map<string, Element[]>([["probe", serviceElements("probe", probeAddress, [podAddress])]])

  const start = cpuTime()
  const startMs = performance.now()
  for (let index = 0; index < count; index++)
    all.set(`web-${index}`, serviceElements(`web-${index}`, clusterIP(index), endpoints(index)))
  const text = ruleset.planAll(all)
  const plannedMs = performance.now()
  await apply(text)
  const appliedMs = performance.now()
  const first = cpuTimeBetween(start, cpuTime())

  const beforeChanges = cpuTime()
  const changes: number[] = []
  for (let round = 0; round < rounds; round++) {
    const index = (round * 7919) % count
    const before = performance.now()
    // One endpoint more, one less: as a rolling update does.
    const wanted = round % 2 === 0 ? endpoints(index, 5) : endpoints(index).slice(1)
    const name = `web-${index}`
    const transactions = ruleset.planChange(
      new Map([[name, serviceElements(name, clusterIP(index), wanted)]]),
    )
    for (const transaction of transactions) await apply(transaction)
    changes.push(performance.now() - before)
  }
  const change = cpuTimeBetween(beforeChanges, cpuTime())
  const [direct, through] = await latencies(client)
  console.log(
    [
      `${String(count).padStart(6)} Services x ${endpointsEach}:`,
      `first sync ${Math.round(plannedMs - startMs)} ms planning + ${Math.round(appliedMs - plannedMs)} ms nft`,
      `(processor: ${Math.round(first.ownMs)} + ${first.childrenMs} ms),`,
      `one change p50 ${median(changes).toFixed(0)} ms max ${Math.max(...changes).toFixed(0)} ms`,
      `(processor: ${(change.ownMs / rounds).toFixed(1)} + ${(change.childrenMs / rounds).toFixed(1)} ms),`,
      `connect p50 ${direct.toFixed(0)} us direct, ${through.toFixed(0)} us through the cluster IP`,
    ].join(" "),
  )
}

/** Connection and answer, in turn to the pod and to the Service so that noise hits both. */
async function latencies(client: TestNamespace): Promise<[number, number]> {
  const program = `
    const net = require("node:net")
    const once = (host, port) => new Promise((resolve, reject) => {
      const start = process.hrtime.bigint()
      const socket = net.connect({ host, port })
      socket.on("data", () => resolve(Number(process.hrtime.bigint() - start) / 1000)).on("error", reject)
    })
    ;(async () => {
      const direct = [], through = []
      for (let n = 0; n < 1500; n++) {
        direct.push(await once("${podAddress}", 8080))
        through.push(await once("${probeAddress}", 80))
      }
      const p50 = (list) => list.sort((a, b) => a - b)[list.length >> 1]
      console.log(JSON.stringify([p50(direct.slice(200)), p50(through.slice(200))]))
    })()`
  return JSON.parse(await client.commands.run(process.execPath, ["-e", program])) as [number, number]
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

const reason = whyNoNamespaces()
if (reason) console.log(`not measured: ${reason}`)
else {
  const node = await createNamespace("node")
  const pod = await createNamespace("pod")
  const client = await createNamespace("client")
  try {
    await connectPod(node, pod, podAddress, "10.244.0.1")
    await connectPod(node, client, "10.244.0.3", "10.244.0.1")
    await pod.serve({ answer: "pod", tcp: [8080] })
    for (const count of [100, 1000, 10_000]) await measure(count, node, client)
  } finally {
    for (const space of [client, pod, node]) await space.remove()
  }
}
