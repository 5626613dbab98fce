import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { silentLogger } from "../../src/base/log.ts"
import { realClock } from "../../src/base/real/clock.ts"
import { RealCgroups } from "../../src/kubelet/real/cgroups.ts"
import { eventually, hostState, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()

interface Pod {
  metadata: { name: string; uid: string }
  status: {
    podIP: string
    containerStatuses: {
      containerID: string
      restartCount: number
      state: { running?: { startedAt: string } }
    }[]
  }
}

// What happens when things are killed: nothing is lost, and nothing is left behind.
describe.skipIf(missing)("a cluster", () => {
  let before: Record<string, string>
  let cluster: TestCluster
  let kubectl: Kubectl

  beforeAll(async () => {
    before = hostState()
    cluster = new TestCluster()
    await cluster.up()
    await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
    kubectl = cluster.kubectl(realClients.kubectl136())
    await kubectl.call("create deployment sleeper --image=e2e/busybox:1 --replicas=2 -- sleep 36000")
    await kubectl.call("rollout status deployment/sleeper --timeout=60s")
  })
  afterAll(() => cluster.destroy())

  const pods = async () => (await kubectl.json<{ items: Pod[] }>("get pods -l app=sleeper")).items
  const processesOf = (uid: string) =>
    execFileSync(
      "sh",
      ["-c", `grep -l ${uid.replaceAll("-", ".")} /proc/[0-9]*/cgroup 2>/dev/null | cut -d/ -f3`],
      { encoding: "utf8" },
    )
      .trim()
      .split("\n")
      .filter((pid) => commandLine(pid).startsWith("sleep"))

  test("a killed container is restarted, counted, and told of", async () => {
    const [pod] = await pods()
    const [pid] = processesOf(pod!.metadata.uid)
    expect(pid).toBeTruthy()
    process.kill(Number(pid), "SIGKILL")
    await eventually(async () => {
      const now = (await pods()).find(({ metadata }) => metadata.uid === pod!.metadata.uid)!
      expect(now.status.containerStatuses[0]).toMatchObject({ restartCount: 1, state: { running: {} } })
    })
    const described = await kubectl.call(`describe pod ${pod!.metadata.name}`)
    expect(described).toMatch(/Last State: +Terminated\s+Reason: +Error\s+Exit Code: +137/)
    expect(described).toMatch(/Normal +Started .*x2 over/)
  })

  test("a deleted pod is replaced", async () => {
    const [pod] = await pods()
    await kubectl.call(`delete pod ${pod!.metadata.name} --grace-period=1`)
    await kubectl.call("rollout status deployment/sleeper --timeout=60s")
    const names = (await pods()).map(({ metadata }) => metadata.name)
    expect(names).not.toContain(pod!.metadata.name)
  })

  test("kill -9 and up again: nothing acknowledged is lost, containers are adopted", async () => {
    await eventually(async () => expect(await pods()).toHaveLength(2))
    const earlier = await pods()
    for (let index = 0; index < 20; index++)
      await kubectl.call(`create configmap kept-${index} --from-literal=n=${index}`)
    process.kill(cluster.pid, "SIGKILL")
    await cluster.up()
    const kept = await kubectl.json<{ items: { metadata: { name: string } }[] }>("get configmaps")
    expect(kept.items.filter(({ metadata }) => metadata.name.startsWith("kept-"))).toHaveLength(20)
    await new Promise((resolve) => setTimeout(resolve, 3000))
    const identity = (items: Pod[]) =>
      items
        .map(({ metadata, status }) => [
          metadata.uid,
          status.podIP,
          ...status.containerStatuses.map(
            (each) => `${each.containerID} ${each.restartCount} ${each.state.running?.startedAt}`,
          ),
        ])
        .sort()
    expect(identity(await pods())).toEqual(identity(earlier))
    await kubectl.call("scale deployment sleeper --replicas=3")
    await kubectl.call("rollout status deployment/sleeper --timeout=60s")
    const addresses = (await pods()).map(({ status }) => status.podIP)
    expect(new Set(addresses).size).toBe(3)
  })

  test("a second `up` in the same directory is refused, and says what to do", async () => {
    const second = await cluster.coracle("up", "--listen", "127.0.0.1:0")
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(`already running in`)
    expect(second.stderr).toContain("coracle down")
  })

  test("status tells where it is", async () => {
    const { stdout, code } = await cluster.coracle("status")
    expect(code).toBe(0)
    expect(stdout).toMatch(/^node +\S+ Ready containerd:\/\//m)
  })

  test("down leaves nothing on the host, up goes on where it was", async () => {
    expect((await cluster.coracle("down")).stdout).toBe("stopped\n")
    expect(hostState()).toEqual(before)
    expect((await cluster.coracle("status")).code).toBe(1)
    await cluster.up()
    await kubectl.call("rollout status deployment/sleeper --timeout=90s")
    expect(await kubectl.call("get configmap kept-7 -o 'jsonpath={.data.n}'")).toBe("7")
  })

  test("down after kill -9 clears up as well", async () => {
    process.kill(cluster.pid, "SIGKILL")
    const { stdout } = await cluster.coracle("down")
    expect(stdout).toContain("the cluster had crashed")
    expect(hostState()).toEqual(before)
  })

  test("down clears what an end in order has left all the same, and says what it was", async () => {
    const data = join(cluster.directory, "data")
    const node = readdirSync(join(data, "nodes"))[0]!
    const parent = `/coracle/${createHash("sha256").update(data).digest("hex").slice(0, 8)}/${node}`
    const groups = new RealCgroups({ parent, clock: realClock, log: silentLogger })
    await groups.update({ metadata: { uid: "left" }, spec: { containers: [{}] }, status: {} } as never)
    const volume = join(data, "nodes", node, "kubelet/pods/left/volumes/v")
    mkdirSync(volume, { recursive: true })
    execFileSync("mount", ["-t", "tmpfs", "tmpfs", volume])
    const { stdout, code } = await cluster.coracle("down")
    expect(stdout).toContain(`mount ${volume}`)
    expect(stdout).toMatch(/not running; removed what was left .*control group \S+/)
    expect(code).toBe(0)
    expect(hostState()).toEqual(before)
    expect((await cluster.coracle("down")).stdout).toBe("not running\n")
  })
})

function commandLine(pid: string): string {
  try {
    return execFileSync("cat", [`/proc/${pid}/cmdline`], { encoding: "utf8" }).replaceAll("\0", " ")
  } catch {
    return ""
  }
}
