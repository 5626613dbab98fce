import { spawnSync } from "node:child_process"
import { cpSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { canRunEtcd, TestEtcd } from "../../src/etcd/remote/test-etcd.ts"
import { eventually, type Kubectl, TestCluster } from "./cluster.ts"
import { realClients } from "./real-clients.ts"

const hasEtcd = canRunEtcd()
if (!hasEtcd) console.log("skipped: etcd is not installed (Debian: apt-get install etcd-server)")

/*
 * Two control planes on an etcd of three members. The first one leads; it is killed, and so is the etcd's leader.
 */
describe.skipIf(!hasEtcd)("two control planes on one etcd", () => {
  let etcd: TestEtcd
  let first: TestCluster
  let second: TestCluster
  let kubectl: readonly Kubectl[]

  beforeAll(async () => {
    etcd = await TestEtcd.start(3)
    await etcd.leader()
    const endpoints = etcd.endpoints.join(",")
    first = new TestCluster(["--etcd", endpoints, "--nodes", "0", "--simulated-nodes", "0"])
    await first.up()
    second = new TestCluster(["--etcd", endpoints, "--nodes", "0", "--simulated-nodes", "1"])
    cpSync(join(first.directory, "data/pki"), join(second.directory, "data/pki"), { recursive: true })
    await second.up()
    kubectl = [first, second].map((cluster) => cluster.kubectl(realClients.kubectl136()))
  })
  afterAll(async () => {
    await second?.destroy()
    await first?.destroy()
    await etcd?.remove()
  })

  test("one leads, and both serve the same", async () => {
    const [a, b] = kubectl
    for (let round = 0; round < 5; round++) {
      await a!.call(`create configmap c${round}`)
      await b!.call(`annotate configmap c${round} seen=here`)
      expect(await a!.call(`get configmap c${round} -o jsonpath={.metadata.annotations.seen}`)).toBe("here")
    }
    await a!.call("create deployment web --image=anything --replicas=2")
    await b!.call("rollout status deployment/web --timeout=30s")
    expect(await b!.call("-n kube-system get leases -o name")).toContain("kube-controller-manager")
  })

  test("another cluster's certificates are refused", async () => {
    const stranger = new TestCluster()
    const { stderr } = await stranger.coracle(
      "apiserver",
      "--listen",
      "127.0.0.1:0",
      "--etcd",
      etcd.endpoints[0]!,
    )
    expect(stderr).toContain("the cluster in this etcd has another certificate authority")
    await stranger.destroy()
  })

  test("a watch goes on when the etcd's leader is killed, and misses nothing", async () => {
    const [a, b] = kubectl
    const watching = b!.start("get configmaps -l watched=yes --watch -o name")
    const told: string[] = []
    createInterface({ input: watching.stdout! }).on("line", (line) => told.push(line))
    await etcd.kill(await etcd.leader())
    for (let round = 0; round < 6; round++) {
      await eventually(() => a!.call(`create configmap w${round}`))
      await eventually(() => b!.call(`label configmap w${round} watched=yes`))
    }
    await eventually(async () => expect(told).toContain("configmap/w5"))
    watching.kill()
    expect(told).toEqual([0, 1, 2, 3, 4, 5].map((round) => `configmap/w${round}`))
  })

  test("when the leading control plane is killed the other one takes over", async () => {
    const [, b] = kubectl
    spawnSync("kill", ["-9", String(first.pid)])
    await b!.call("scale deployment web --replicas=4")
    await b!.call("rollout status deployment/web --timeout=60s")
    expect((await b!.call("get pods -l app=web -o name")).trim().split("\n").length).toBe(4)
  })
})
