import { expect } from "vitest"
import { WebSocket } from "ws"
import { eventually, type Json } from "../harness.ts"
import {
  createPod,
  execIn,
  getPod,
  idle,
  isPhase,
  isReady,
  podOf,
  podsPath,
  shell,
  startPod,
  untilPod,
} from "./pods.ts"
import { connectionOf, type NodesWorld, onRealNodes, useRealNodes } from "./real-nodes.ts"

useRealNodes()

const both = "[Conformance] [NodeConformance]"
onRealNodes(`[sig-node] Pods should get a host IP ${both}`, async (world) => {
  const pod = await startPod(world, podOf("placed", [shell(idle)]))
  expect(pod["status"].hostIP).toMatch(/^(\d+\.){3}\d+$|:/)
})

onRealNodes(`[sig-node] Pods should be submitted and removed ${both}`, async (world) => {
  const { metadata } = await world.api.get(podsPath(world), { labelSelector: "time=now" })
  const seen: Json[] = []
  const watching = (async () => {
    for await (const event of world.api.watch(podsPath(world), {
      labelSelector: "time=now",
      resourceVersion: metadata.resourceVersion,
    })) {
      seen.push(event)
      if (event["type"] === "DELETED") break
    }
  })()
  await startPod(world, podOf("submitted", [shell(idle)], { labels: { time: "now" } }))
  await world.api.delete(`${podsPath(world)}/submitted`)
  await watching
  expect(seen[0]!["type"]).toBe("ADDED")
  expect(seen.at(-1)!["object"].metadata.deletionTimestamp).toBeDefined()
  expect((await world.api.get(podsPath(world), { labelSelector: "time=now" }))["items"]).toEqual([])
})

onRealNodes(`[sig-node] Pods should be updated ${both}`, async (world) => {
  await startPod(world, podOf("updated", [shell(idle)], { labels: { time: "before" } }))
  await world.api.patch(`${podsPath(world)}/updated`, { metadata: { labels: { time: "after" } } })
  const { items } = await world.api.get(podsPath(world), { labelSelector: "time=after" })
  expect(items.map(({ metadata }: Json) => metadata.name)).toEqual(["updated"])
})

onRealNodes(`[sig-node] Pods should allow activeDeadlineSeconds to be updated ${both}`, async (world) => {
  await startPod(world, podOf("short-lived", [shell(idle)]))
  await world.api.patch(`${podsPath(world)}/short-lived`, { spec: { activeDeadlineSeconds: 2 } })
  const pod = await untilPod(world, "short-lived", isPhase("Failed"), "its time is over")
  expect(pod["status"].reason).toBe("DeadlineExceeded")
})

/** What comes over a WebSocket until it is closed, without the byte that names the channel. */
function readWebSocket(
  world: NodesWorld,
  path: string,
  protocol: string,
  channels: boolean,
): Promise<string> {
  const { server, tls } = connectionOf(world)
  const socket = new WebSocket(`${server.replace("https:", "wss:")}${path}`, protocol, tls)
  let text = ""
  return new Promise((resolve, reject) => {
    socket.on("message", (data: Buffer) => {
      // Of the channels, 1 is standard output.
      if (!channels) text += data.toString()
      else if (data[0] === 1) text += data.subarray(1).toString()
    })
    socket.on("close", () => resolve(text))
    socket.on("error", reject)
  })
}

onRealNodes(
  `[sig-node] Pods should support remote command execution over websockets ${both}`,
  async (world) => {
    await startPod(world, podOf("remote", [shell(idle)]))
    const query = "command=echo&command=remote%20execution%20test&stdout=1&stderr=1&container=main"
    const output = await readWebSocket(
      world,
      `${podsPath(world)}/remote/exec?${query}`,
      "channel.k8s.io",
      true,
    )
    expect(output).toBe("remote execution test\n")
  },
)
onRealNodes(
  `[sig-node] Pods should support retrieving logs from the container over websockets ${both}`,
  async (world) => {
    await startPod(world, podOf("logging", [shell(`echo container is alive; ${idle}`)]))
    const path = `${podsPath(world)}/logging/log?container=main`
    expect(await readWebSocket(world, path, "binary.k8s.io", false)).toBe("container is alive\n")
  },
)

onRealNodes(
  "[sig-node] Pods Extended Pods Set QOS Class should be set on Pods with matching resource requests and limits for memory and cpu [Conformance]",
  async (world) => {
    const same = { cpu: "100m", memory: "32Mi" }
    const pod = await createPod(
      world,
      podOf("guaranteed", [shell("true", { resources: { limits: same, requests: same } })]),
    )
    expect(pod["status"].qosClass).toBe("Guaranteed")
  },
)

const generation = "[sig-node] Pods Extended (pod generation) Pod Generation"
const tolerating = (seconds: number) => ({
  spec: {
    tolerations: [
      { key: "generation-test", operator: "Exists", effect: "NoExecute", tolerationSeconds: seconds },
    ],
  },
})
const generationOf = (pod: Json) => [pod["metadata"].generation, pod["status"].observedGeneration]

onRealNodes(
  `${generation} pod generation should start at 1 and increment per update [MinimumKubeletVersion:1.34] [Conformance]`,
  async (world) => {
    const path = `${podsPath(world)}/counted`
    const pod = await startPod(world, podOf("counted", [shell(idle)]))
    expect(pod["metadata"].generation).toBe(1)
    const { tolerations } = pod["spec"]
    const added = (seconds: number) => ({
      spec: { tolerations: [...tolerations, ...tolerating(seconds).spec.tolerations] },
    })
    await world.api.patch(path, added(100))
    await untilPod(world, "counted", (each) => generationOf(each).join() === "2,2", "both are 2")
    await world.api.patch(path, { metadata: { labels: { only: "metadata" } } })
    expect((await getPod(world, "counted"))["metadata"].generation).toBe(2)
    await world.api.patch(path, { spec: { activeDeadlineSeconds: 5000 } })
    await untilPod(world, "counted", (each) => generationOf(each).join() === "3,3", "both are 3")
  },
)
onRealNodes(
  `${generation} custom-set generation on new pods and graceful delete [Conformance]`,
  async (world) => {
    const given = podOf(
      "counted",
      [shell(idle, { lifecycle: { preStop: { exec: { command: ["sleep", "3"] } } } })],
      {
        spec: { terminationGracePeriodSeconds: 5 },
      },
    )
    given["metadata"].generation = 100
    expect((await createPod(world, given))["metadata"].generation).toBe(1)
    await untilPod(world, "counted", isReady, "it runs")
    await world.api.delete(`${podsPath(world)}/counted`)
    expect((await getPod(world, "counted"))["metadata"].generation).toBe(2)
  },
)
onRealNodes(
  `${generation} issue 500 podspec updates and verify generation and observedGeneration eventually converge [MinimumKubeletVersion:1.34] [Conformance]`,
  async (world) => {
    const { spec } = await startPod(world, podOf("counted", [shell(idle)]))
    for (let seconds = 1; seconds < 500; seconds++) {
      const tolerations = [...spec["tolerations"], ...tolerating(10_000 - seconds).spec.tolerations]
      await world.api.patch(`${podsPath(world)}/counted`, { spec: { tolerations } })
    }
    await untilPod(world, "counted", (pod) => generationOf(pod).join() === "500,500", "both are 500")
  },
)

const resizeTitle = "[sig-node] Pod InPlace Resize Container"
const resized = (name: string, requests: Json, limits?: Json): Json => ({
  name,
  resources: { requests, ...(limits && { limits }) },
})
const statusOf = (pod: Json, name: string): Json =>
  pod["status"].containerStatuses.find((each: Json) => each["name"] === name)
/** cpu.max and memory.max, or what they were in the first version of control groups. */
const limitsInside = async (world: NodesWorld, name: string, container = "main") =>
  (
    await execIn(
      world,
      name,
      `cd /sys/fs/cgroup; if [ -f cpu.max ]; then cat cpu.max memory.max; else echo $(cat cpu/cpu.cfs_quota_us) $(cat cpu/cpu.cfs_period_us); cat memory/memory.limit_in_bytes; fi`,
      container,
    )
  )
    .trim()
    .split("\n")

onRealNodes(
  `${resizeTitle} resize pod via the replace endpoint [MinimumKubeletVersion:1.34] [Conformance]`,
  async (world) => {
    const resources = { requests: { cpu: "100m", memory: "32Mi" }, limits: { cpu: "200m", memory: "64Mi" } }
    await startPod(world, podOf("resized", [shell(idle, { resources })]))
    const path = `${podsPath(world)}/resized`
    // The kubelet writes to it too.
    await eventually(async () => {
      const pod = await world.api.get(`${path}/resize`)
      pod["spec"].containers[0].resources.limits = { cpu: "400m", memory: "96Mi" }
      return (await world.api.send("PUT", `${path}/resize`, { body: pod })).status === 200
    }, "it is replaced")
    await untilPod(
      world,
      "resized",
      (each) =>
        statusOf(each, "main")["resources"]?.limits?.cpu === "400m" &&
        statusOf(each, "main")["resources"].limits.memory === "96Mi",
      "the status shows it",
    )
    expect(await limitsInside(world, "resized")).toEqual(["40000 100000", String(96 << 20)])
    const [viaResize, viaPod] = await Promise.all([world.api.get(`${path}/resize`), world.api.get(path)])
    expect(viaResize["spec"]).toEqual(viaPod["spec"])
    expect(statusOf(viaPod, "main")["restartCount"]).toBe(0)
  },
)

onRealNodes(
  `${resizeTitle} burstable pods - extended resize with equivalents [MinimumKubeletVersion:1.34] [Conformance]`,
  async (world) => {
    const resources = { requests: { cpu: "2m" }, limits: { cpu: "10m" } }
    await startPod(world, podOf("resized", [shell(idle, { resources })]))
    const patch = { spec: { containers: [resized("main", { cpu: "1m" }, { cpu: "5m" })] } }
    await world.api.patch(`${podsPath(world)}/resized/resize`, patch, "strategic")
    const pod = await untilPod(
      world,
      "resized",
      (each) => statusOf(each, "main")["resources"]?.requests?.cpu === "1m",
      "the status shows it",
    )
    expect(statusOf(pod, "main")["resources"]).toMatchObject({
      requests: { cpu: "1m" },
      limits: { cpu: "5m" },
    })
  },
)

onRealNodes(
  `${resizeTitle} burstable pods - extended 6 containers - various operations performed (including adding limits and requests) [MinimumKubeletVersion:1.34] [Conformance]`,
  async (world) => {
    const start: Record<string, Json> = {
      c1: { requests: { cpu: "20m" }, limits: { cpu: "40m" } },
      c2: { requests: { cpu: "20m" }, limits: { cpu: "40m" } },
      c3: { requests: { memory: "20Mi" }, limits: { memory: "40Mi" } },
      c4: { requests: { memory: "20Mi" } },
      c5: { requests: { cpu: "20m" } },
      c6: {},
    }
    const end: Record<string, Json> = {
      c1: { requests: { cpu: "30m" }, limits: { cpu: "60m" } },
      c2: { requests: { cpu: "10m" }, limits: { cpu: "20m" } },
      c3: { requests: { memory: "30Mi" }, limits: { memory: "60Mi" } },
      c4: { requests: { memory: "20Mi" }, limits: { memory: "50Mi" } },
      c5: { requests: { cpu: "20m" }, limits: { cpu: "50m" } },
      c6: { requests: { cpu: "10m", memory: "16Mi" } },
    }
    const containers = Object.entries(start).map(([name, resources]) => shell(idle, { name, resources }))
    await startPod(world, podOf("resized", containers))
    const wanted = Object.entries(end).map(([name, resources]) => ({ name, resources }))
    await world.api.patch(`${podsPath(world)}/resized/resize`, { spec: { containers: wanted } }, "strategic")
    const shows = (pod: Json) =>
      wanted.every(({ name, resources }) => {
        const shown = statusOf(pod, name)["resources"] ?? {}
        return Object.entries(resources).every(([kind, values]) =>
          Object.entries(values as Json).every(([resource, value]) => shown[kind]?.[resource] === value),
        )
      })
    await untilPod(world, "resized", shows, "the status shows all of it")
    expect((await limitsInside(world, "resized", "c1"))[0]).toBe("6000 100000")
    expect((await limitsInside(world, "resized", "c3"))[1]).toBe(String(60 << 20))
    expect((await limitsInside(world, "resized", "c4"))[1]).toBe(String(50 << 20))
  },
)
