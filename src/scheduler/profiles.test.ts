import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import { loadConfiguration } from "./configuration/load-configuration.ts"
import { postJsonTo } from "./extenders/real/post-json.ts"
import { schedulerPage } from "./pages.ts"
import { asking, startTestScheduler, type TestScheduler } from "./testing.ts"

let cluster: TestScheduler | undefined
let extender: Server | undefined

afterEach(async () => {
  await cluster?.stop()
  extender?.closeAllConnections()
  extender?.close()
})

async function start(fields: string): Promise<TestScheduler> {
  const head = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n"
  const { options } = loadConfiguration(head + fields, "config.yaml", postJsonTo)
  cluster = await startTestScheduler(options)
  return cluster
}

interface Question {
  readonly pod: { readonly metadata: { readonly name: string } }
  readonly nodenames: readonly string[]
}

/** Answers each verb as the functions say; gives where it listens. */
async function startExtender(answers: Record<string, (asked: Question) => unknown>): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const answer = answers[request.url!.split("/").pop()!]!
      response.end(JSON.stringify(answer(JSON.parse(Buffer.concat(chunks).toString()) as Question)))
    })
  })
  extender = server
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/ext`
}

describe("profiles", () => {
  test("pods go by the profile that they name; nobody looks after others", async () => {
    const { addNode, addPod, nodeOf, scheduler } = await start(`
profiles:
- schedulerName: default-scheduler
- schedulerName: packing
  pluginConfig:
  - name: NodeResourcesFit
    args: {scoringStrategy: {type: MostAllocated}}
`)
    await addNode("a")
    await addNode("b")
    await addPod("first", { ...asking("500m"), schedulerName: "packing" })
    const where = await nodeOf("first")
    await addPod("second", { ...asking("500m"), schedulerName: "packing" })
    expect(await nodeOf("second")).toBe(where)
    await addPod("third", asking("500m"))
    expect(await nodeOf("third")).not.toBe(where)
    const stranger = await addPod("stranger", { schedulerName: "nobody" })
    expect(scheduler.whyPending(stranger.metadata.uid)).toBeUndefined()
  })

  test("node affinity that the profile adds holds for all its pods", async () => {
    const { addNode, addPod, nodeOf, pendingBecause } = await start(`
profiles:
- pluginConfig:
  - name: NodeAffinity
    args:
      addedAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
          nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]
`)
    await addNode("plain")
    await addPod("pod")
    expect(await pendingBecause("pod")).toContain("1 node(s) didn't match scheduler-enforced node affinity.")
    await addNode("fast", { metadata: { labels: { disk: "ssd" } } })
    expect(await nodeOf("pod")).toBe("fast")
  })
})

describe("an extender", () => {
  test("leaves nodes out, says why, and prefers others", async () => {
    const url = await startExtender({
      filter: ({ nodenames }) => ({
        nodenames: nodenames.filter((name) => name !== "bad"),
        failedNodes: { bad: "it smells" },
      }),
      prioritize: ({ nodenames }) => nodenames.map((host) => ({ host, score: host === "best" ? 10 : 0 })),
    })
    const { addNode, addPod, nodeOf } = await start(`
extenders:
- {urlPrefix: "${url}", filterVerb: filter, prioritizeVerb: prioritize, weight: 10, nodeCacheCapable: true}
`)
    for (const name of ["bad", "good", "best"]) await addNode(name)
    await addPod("pod")
    expect(await nodeOf("pod")).toBe("best")
  })

  test("that leaves no node is named as the reason, and asked only about its resources", async () => {
    const url = await startExtender({
      filter: ({ nodenames }) => ({
        nodenames: [],
        failedNodes: Object.fromEntries(nodenames.map((name) => [name, "no gadget is free"])),
      }),
    })
    const { addNode, addPod, nodeOf, pendingBecause } = await start(`
extenders:
- urlPrefix: "${url}"
  filterVerb: filter
  nodeCacheCapable: true
  managedResources: [{name: example.com/gadget, ignoredByScheduler: true}]
`)
    await addNode("only")
    await addPod("plain")
    expect(await nodeOf("plain")).toBe("only")
    const resources = { requests: { "example.com/gadget": "1" }, limits: { "example.com/gadget": "1" } }
    await addPod("gadget", { containers: [{ name: "main", image: "app", resources }] })
    expect(await pendingBecause("gadget")).toContain("0/1 nodes are available: 1 no gadget is free.")
  })

  test("that is away keeps pods waiting unless it may be ignored", async () => {
    const { addNode, addPod, nodeOf } = await start(`
extenders:
- {urlPrefix: "http://127.0.0.1:1/ext", filterVerb: filter, ignorable: true}
`)
    await addNode("only")
    await addPod("pod")
    expect(await nodeOf("pod")).toBe("only")
  })
})

describe("why a pod waits", () => {
  test("can be asked, node by node", async () => {
    cluster = await startTestScheduler()
    const { addNode, addPod, pendingBecause, scheduler } = cluster
    await addNode("small")
    await addNode("cordoned", { spec: { unschedulable: true } })
    await addPod("big", asking("3"))
    await pendingBecause("big")
    const page = schedulerPage(scheduler, ["pending", "default", "big"])
    expect(JSON.parse(page!.text)).toMatchObject({
      namespace: "default",
      name: "big",
      queue: "unschedulable",
      attempts: 1,
      plugins: ["NodeResourcesFit", "NodeUnschedulable"],
      nodes: {
        small: { plugin: "NodeResourcesFit", reasons: ["Insufficient cpu"], resolvable: false },
        cordoned: { plugin: "NodeUnschedulable", reasons: ["node(s) were unschedulable"] },
      },
    })
    expect(schedulerPage(scheduler, ["pending", "default", "nobody"])).toBeUndefined()
    const metrics = schedulerPage(scheduler, ["metrics"])!.text
    expect(metrics).toContain('scheduler_pending_pods{queue="unschedulable"} 1')
    expect(metrics).toContain(
      'scheduler_schedule_attempts_total{result="unschedulable",profile="default-scheduler"} 1',
    )
  })
})
