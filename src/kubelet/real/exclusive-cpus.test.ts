import { readFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Node } from "../../api/core/v1/node.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { connectGrpc } from "../../base/real/grpc/grpc-channel.ts"
import { realClock } from "../../base/real/clock.ts"
import { parseCpuSet } from "../resource-managers/cpu-set.ts"
import { forever, reasonToSkip, type RealNode, shell, startRealNode } from "../testing/real-node.ts"
import { Nothing } from "./devices/device-messages.ts"
import * as podResources from "./devices/pod-resources-messages.ts"

const why = reasonToSkip() ?? (cpus().length < 2 ? "two processors" : undefined)
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of processors for containers alone need ${why}`)

const namespace = "default"
const isReady = (pod: Pod | undefined) => pod?.status.containerStatuses?.every(({ ready }) => ready) ?? false
const isGone = (pod: Pod | undefined) => pod === undefined

describe.skipIf(why)("processors of a container's own", { timeout: 120_000 }, () => {
  let node: RealNode
  beforeAll(async () => {
    node = await startRealNode({
      configuration: {
        cpuManagerPolicy: "static",
        topologyManagerPolicy: "restricted",
        kubeReserved: { cpu: "500m", memory: "64Mi" },
        cpuManagerReconcilePeriod: "1s",
      },
    })
  }, 120_000)
  afterAll(async () => {
    if (node) expect(await node.stop()).toEqual([])
  }, 120_000)

  const alone = { cpu: "1", memory: "32Mi" }
  const create = (name: string, resources?: object) =>
    node.create(name, { containers: [shell("main", forever, resources ? { resources } : {})] })
  const cpusOf = async (pod: Pod) => {
    const status = await node.exec(pod, "main", "grep", "Cpus_allowed_list", "/proc/1/status")
    return status.split(/\s+/)[1]!
  }
  const state = () =>
    JSON.parse(readFileSync(join(node.directory, "kubelet/cpu_manager_state"), "utf8")) as {
      policyName: string
      defaultCpuSet: string
      entries?: Record<string, Record<string, string>>
    }

  it("are taken from what the others share", async () => {
    await create("others")
    const others = await node.until("others", isReady)
    const before = await cpusOf(others)
    await create("one", { requests: alone, limits: alone })
    const one = await node.until("one", isReady)
    const own = await cpusOf(one)
    expect(parseCpuSet(own).size).toBe(1)
    await expect.poll(() => cpusOf(others), { timeout: 20_000 }).not.toBe(before)
    expect(parseCpuSet(await cpusOf(others)).has(Number(own))).toBe(false)
    expect(state()).toMatchObject({
      policyName: "static",
      defaultCpuSet: await cpusOf(others),
      entries: { [one.metadata.uid]: { main: own } },
    })
  })

  it("are not counted among what pods may ask for where they are reserved", async () => {
    const { status } = await node.server.client.get(Node, { name: "node-1" })
    expect(status.allocatable!["cpu"]).toBe(`${cpus().length * 1000 - 500}m`)
  })

  it("are told of to those who watch over them", async () => {
    const socket = join(node.directory, "kubelet/pod-resources/kubelet.sock")
    const channel = await connectGrpc(`unix:${socket}`, () => realClock.now())
    try {
      const method = `${podResources.podResourcesService}/List`
      const { podResources: list } = await channel.unary(method, [Nothing, {}], podResources.ListResponse)
      const own = await cpusOf(await node.get("one"))
      expect(list.find(({ name }) => name === "one")?.containers).toMatchObject([{ cpuIds: [Number(own)] }])
      expect(list.find(({ name }) => name === "others")?.containers).toMatchObject([{ cpuIds: [] }])
    } finally {
      channel.close()
    }
  })

  it("are its own still when the kubelet has started anew, and are given back", async () => {
    const one = await node.get("one")
    const own = await cpusOf(one)
    await node.restartKubelet()
    await create("late")
    const late = await node.until("late", isReady)
    expect(await cpusOf(one)).toBe(own)
    expect(parseCpuSet(await cpusOf(late)).has(Number(own))).toBe(false)
    await node.server.client.delete(Pod, { namespace, name: "one" })
    await node.until("one", isGone)
    await expect
      .poll(async () => parseCpuSet(await cpusOf(late)).has(Number(own)), { timeout: 20_000 })
      .toBe(true)
    expect(state().entries).toBeUndefined()
  })

  it("are refused to a pod when there are none left", async () => {
    const all = { cpu: String(cpus().length), memory: "32Mi" }
    await create("greedy", { requests: all, limits: all })
    const greedy = await node.until("greedy", (pod) => pod?.status.phase === "Failed")
    expect(greedy.status.reason).toBe("OutOfcpu")
  })
})
