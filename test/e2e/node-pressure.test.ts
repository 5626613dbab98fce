import { readFileSync, writeFileSync } from "node:fs"
import { totalmem } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { eventually, type Kubectl, run, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const mebibyte = 1 << 20

/** All pods together get so much of the machine, and all files of the cluster a file system of this size. */
const podsMebibytes = 600
const diskMebibytes = 700
const files = 30_000
/** Of each of two pods; others on the machine may come and go meanwhile. */
const forks = 1200

interface Status {
  readonly phase: string
  readonly reason?: string
  readonly message?: string
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason?: string }[]
  readonly containerStatuses?: readonly { readonly state: { readonly terminated?: { exitCode: number } } }[]
}

interface Event {
  readonly reason: string
  readonly message: string
  readonly metadata: { readonly annotations?: Record<string, string> }
}

interface Shape {
  readonly command?: string
  readonly requests?: Record<string, string>
  readonly limits?: Record<string, string>
  readonly priority?: string
  readonly node?: string
  readonly volume?: object
  readonly restartPolicy?: string
}

function pod(
  name: string,
  { command = "sleep 3600", node, volume, priority, restartPolicy = "Always", ...resources }: Shape,
): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      restartPolicy,
      ...(node && { nodeName: node }),
      ...(priority && { priorityClassName: priority }),
      containers: [
        {
          name: "main",
          image: "e2e/busybox:1",
          command: ["sh", "-c", restartPolicy === "Never" ? command : `${command}; sleep 3600`],
          resources,
          ...(volume && { volumeMounts: [{ name: "data", mountPath: "/data" }] }),
        },
      ],
      ...(volume && { volumes: [{ name: "data", ...volume }] }),
    },
  })
}

/** Threads of the machine that there may still be. */
function freeIds(): number {
  const number = (path: string) => Number(readFileSync(path, "utf8"))
  const max = Math.min(number("/proc/sys/kernel/pid_max"), number("/proc/sys/kernel/threads-max"))
  return max - Number(/\/(\d+)/.exec(readFileSync("/proc/loadavg", "utf8"))![1])
}

// Nothing here can go beyond what pods and the cluster's files are held to: the machine has as much as before for others.
describe.skipIf(missing)("a node under pressure", () => {
  const cluster = new TestCluster()
  const configuration = join(cluster.directory, "kubelet.yaml")
  let kubectl: Kubectl
  let node: string

  const configure = (more: object) =>
    writeFileSync(
      configuration,
      JSON.stringify({
        apiVersion: "kubelet.config.k8s.io/v1beta1",
        kind: "KubeletConfiguration",
        evictionPressureTransitionPeriod: "12s",
        imageGCHighThresholdPercent: 100,
        ...more,
      }),
    )

  beforeAll(async () => {
    const disk = `${cluster.directory}.img`
    const made = await run("sh", [
      "-ec",
      `truncate -s ${diskMebibytes}M ${disk}
       mkfs.ext4 -q -m 0 -N ${files} ${disk}
       mount -o loop ${disk} ${cluster.directory}`,
    ])
    expect(made.stderr).toBe("")
    const others = Math.floor(totalmem() / mebibyte) - podsMebibytes
    configure({
      systemReserved: { memory: `${others}Mi` },
      evictionHard: {
        "memory.available": "150Mi",
        "nodefs.available": "150Mi",
        "nodefs.inodesFree": "3000",
      },
    })
    await cluster.up(["--kubelet-config", configuration])
    kubectl = cluster.kubectl(realClients.kubectl136())
    const image = buildBusyboxImage("e2e/busybox:1", { output: join(cluster.directory, "image.tar") })
    await cluster.coracle("image", "load", image)
    node = await kubectl.call("get nodes -o jsonpath={.items[0].metadata.name}")
    await kubectl.call("create priorityclass important --value=1000")
  })
  afterEach(async () => {
    await kubectl.call("delete pods --all --now")
  })
  afterAll(async () => {
    await cluster.coracle("reset")
    await run("umount", [cluster.directory])
    await run("rm", ["-r", cluster.directory, `${cluster.directory}.img`])
  })

  const apply = (name: string, shape: Shape) => kubectl.call("apply -f -", pod(name, shape))
  const running = (...names: string[]) =>
    kubectl.call(`wait --for=condition=Ready --timeout=60s ${names.map((name) => `pod/${name}`).join(" ")}`)
  const status = async (name: string) => (await kubectl.json<{ status: Status }>(`get pod ${name}`)).status
  const events = async (name: string, reason: string) =>
    (
      await kubectl.json<{ items: Event[] }>(
        `get events -A --field-selector involvedObject.name=${name},reason=${reason}`,
      )
    ).items
  const condition = (type: string) =>
    kubectl.call(
      `get node ${node} -o 'jsonpath={.status.conditions[?(@.type=="${type}")].status} {.status.conditions[?(@.type=="${type}")].reason}'`,
    )
  const taints = () =>
    kubectl.call(`get node ${node} -o 'jsonpath={range .spec.taints[*]}{.key}:{.effect} {end}'`)

  async function untilEvicted(name: string): Promise<Status> {
    return eventually(async () => {
      const now = await status(name)
      expect(now).toMatchObject({ phase: "Failed", reason: "Evicted" })
      return now
    }, 60_000)
  }

  /** The pod was ended by the kubelet, and everybody who should know was told. */
  async function checkEvicted(name: string, message: RegExp, resource: string): Promise<void> {
    const evicted = await untilEvicted(name)
    expect(evicted.message).toMatch(message)
    expect(evicted.conditions).toContainEqual(
      expect.objectContaining({ type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" }),
    )
    expect(evicted.containerStatuses![0]!.state.terminated!.exitCode).toBe(137)
    const [event] = await eventually(async () => {
      const found = await events(name, "Evicted")
      expect(found).toHaveLength(1)
      return found
    })
    expect(event!.message).toBe(evicted.message)
    expect(event!.metadata.annotations).toMatchObject({ starved_resource: resource })
    const attempts = (await events(node, "EvictionThresholdMet")).map((each) => each.message)
    expect(attempts).toContain(`Attempting to reclaim ${resource}`)
  }

  async function untilRelieved(type: string, reason: string): Promise<void> {
    await eventually(async () => expect(await condition(type)).toBe(`False ${reason}`), 60_000)
    await eventually(async () => expect(await taints()).toBe(""), 30_000)
  }

  test("of memory evicts who takes more than it asked for, and takes no pod that asked for nothing", async () => {
    const take = (mebibytes: number) => ({
      command: `dd if=/dev/zero of=/data/fill bs=1M count=${mebibytes}`,
      volume: { emptyDir: { medium: "Memory" } },
    })
    await apply("modest", { ...take(60), requests: { memory: "100Mi" } })
    await apply("important", { ...take(120), priority: "important" })
    await running("modest", "important")
    expect(await condition("MemoryPressure")).toBe("False KubeletHasSufficientMemory")
    await apply("greedy", { ...take(330), requests: { memory: "20Mi" }, limits: { memory: "400Mi" } })
    await eventually(
      async () => expect(await condition("MemoryPressure")).toBe("True KubeletHasInsufficientMemory"),
      60_000,
    )
    await eventually(
      async () => expect(await taints()).toBe("node.kubernetes.io/memory-pressure:NoSchedule "),
      30_000,
    )
    await apply("waiting", {})
    await eventually(async () =>
      expect((await status("waiting")).conditions).toContainEqual(
        expect.objectContaining({ type: "PodScheduled", status: "False", reason: "Unschedulable" }),
      ),
    )
    await apply("sent", { node })
    await apply("entitled", { node, requests: { memory: "10Mi" } })
    expect((await untilEvicted("sent")).message).toBe(
      "Pod was rejected: The node had condition: [MemoryPressure]. ",
    )
    await checkEvicted(
      "greedy",
      /^The node was low on resource: memory\. Threshold quantity: 150Mi, available: \d+Ki\. Container main was using \d+Ki, request is 20Mi, has larger consumption of memory\. $/,
      "memory",
    )
    await running("entitled")
    await untilRelieved("MemoryPressure", "KubeletHasSufficientMemory")
    await running("waiting", "modest", "important")
  })

  /** How much pods can write before no more than so much is free. */
  async function mebibytesUntil(free: number): Promise<number> {
    const [, , , available = "0"] = (await run("df", ["-m", cluster.directory])).stdout
      .split("\n")[1]!
      .split(/ +/)
    return Number(available) - free
  }

  test("of disk first removes what dead containers have left", async () => {
    const leaving = await mebibytesUntil(230)
    await apply("done", {
      command: `dd if=/dev/zero of=/fill bs=1M count=${leaving}`,
      restartPolicy: "Never",
    })
    await kubectl.call("wait --for=jsonpath={.status.phase}=Succeeded --timeout=60s pod/done")
    const { phase, containerStatuses } = await status("done")
    await apply("writer", {
      command: "dd if=/dev/zero of=/data/fill bs=1M count=100",
      volume: { emptyDir: {} },
    })
    await running("writer")
    await eventually(
      async () => expect(await condition("DiskPressure")).toBe("True KubeletHasDiskPressure"),
      60_000,
    )
    await eventually(async () => expect(await mebibytesUntil(150)).toBeGreaterThan(0), 60_000)
    await untilRelieved("DiskPressure", "KubeletHasNoDiskPressure")
    expect((await status("writer")).phase).toBe("Running")
    expect(await events("writer", "Evicted")).toEqual([])
    expect(await status("done")).toMatchObject({ phase, containerStatuses })
    expect(await kubectl.call("logs done")).toMatch(/^unable to retrieve container logs for containerd:/)
    await eventually(async () =>
      expect((await events(node, "EvictionThresholdMet")).map((each) => each.message)).toContain(
        "Attempting to reclaim ephemeral-storage",
      ),
    )
  })

  test("of disk evicts who has written the most, and takes no pod", async () => {
    await apply("reader", {})
    await apply("writer", {
      command: "dd if=/dev/zero of=/data/fill bs=1M count=20",
      volume: { emptyDir: {} },
    })
    await running("reader", "writer")
    const count = await mebibytesUntil(100)
    await apply("hoarder", {
      command: `dd if=/dev/zero of=/data/fill bs=1M count=${count}`,
      volume: { emptyDir: {} },
    })
    await eventually(
      async () => expect(await condition("DiskPressure")).toBe("True KubeletHasDiskPressure"),
      60_000,
    )
    await apply("sent", { node, requests: { memory: "10Mi" } })
    expect((await untilEvicted("sent")).message).toBe(
      "Pod was rejected: The node had condition: [DiskPressure]. ",
    )
    await checkEvicted(
      "hoarder",
      /^The node was low on resource: ephemeral-storage\. Threshold quantity: 150Mi, available: \d+Ki\. /,
      "ephemeral-storage",
    )
    await untilRelieved("DiskPressure", "KubeletHasNoDiskPressure")
    expect((await status("writer")).phase).toBe("Running")
  })

  test("of files evicts who has the most of them", async () => {
    await apply("big", { command: "dd if=/dev/zero of=/data/fill bs=1M count=50", volume: { emptyDir: {} } })
    await running("big")
    const [, , , free = "0"] = (await run("df", ["-i", cluster.directory])).stdout.split("\n")[1]!.split(/ +/)
    await apply("many", {
      command: `cd /data; seq ${Number(free) - 2000} | xargs touch`,
      volume: { emptyDir: {} },
    })
    await checkEvicted(
      "many",
      /^The node was low on resource: inodes\. Threshold quantity: 3k, available: \d+\. $/,
      "inodes",
    )
    await untilRelieved("DiskPressure", "KubeletHasNoDiskPressure")
    expect((await status("big")).phase).toBe("Running")
  })

  test("of process ids evicts who has the most of them among the least important", async () => {
    const fork = (count: number) => ({ command: `for i in $(seq ${count}); do sleep 3600 & done` })
    await cluster.coracle("down")
    configure({
      evictionHard: { "pid.available": String(freeIds() - 1.5 * forks) },
      podPidsLimit: 1.5 * forks,
    })
    await cluster.up(["--kubelet-config", configuration])
    await apply("important", { ...fork(forks), priority: "important" })
    await apply("few", {})
    await running("important", "few")
    await apply("forker", fork(forks))
    await eventually(
      async () => expect(await condition("PIDPressure")).toBe("True KubeletHasInsufficientPID"),
      60_000,
    )
    await checkEvicted(
      "forker",
      /^The node was low on resource: pids\. Threshold quantity: \d+k?, available: \d+k?\. $/,
      "pids",
    )
    await untilRelieved("PIDPressure", "KubeletHasSufficientPID")
    await running("few", "important")
  }, 300_000)
})
