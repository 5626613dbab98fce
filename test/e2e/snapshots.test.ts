import { spawnSync } from "node:child_process"
import { cpSync, openSync, readdirSync, writeSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { freePort } from "../../src/etcd/remote/test-etcd.ts"
import { cli, eventually, type Kubectl, run, TestCluster } from "./cluster.ts"
import { realClients } from "./real-clients.ts"

const hasEtcdctl = spawnSync("etcdctl", ["version"]).status === 0
if (!hasEtcdctl) console.log("skipped: etcdctl is not installed (Debian: apt-get install etcd-client)")

describe("a cluster's past", () => {
  const nodes = ["--nodes", "0", "--simulated-nodes", "0"]
  const cluster = new TestCluster(nodes)
  let port = 0
  const copy = new TestCluster(nodes)
  let kubectl: Kubectl
  let then = ""
  const file = (name: string) => join(cluster.directory, name)

  beforeAll(async () => {
    port = await freePort()
    await cluster.up([...nodes, "--listen-etcd", `127.0.0.1:${port}`])
    kubectl = cluster.kubectl(realClients.kubectl136())
    await kubectl.call("create configmap v --from-literal=x=1")
    // Moments are told apart by the second.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    then = new Date().toISOString()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    await kubectl.call(`patch configmap v -p '{"data":{"x":"2"}}'`)
  })
  afterAll(async () => {
    await cluster.destroy()
    await copy.destroy()
  })

  test("is listed by the moment", async () => {
    const { resourceVersion } = JSON.parse(await kubectl.call(`get --raw /store/revision?at=${then}`)) as {
      resourceVersion: string
    }
    const query = `resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`
    const list = JSON.parse(
      await kubectl.call(`get --raw /api/v1/namespaces/default/configmaps?${query}`),
    ) as {
      items: { metadata: { name: string }; data: object }[]
    }
    expect(list.items.find(({ metadata }) => metadata.name === "v")!.data).toEqual({ x: "1" })
    expect((await kubectl.try("get --raw /store/revision?at=2020-01-01T00:00:00Z")).stderr).toContain(
      "(Expired)",
    )
  })

  test.skipIf(!hasEtcdctl)(
    "is there for etcdctl too, if it has a certificate of the store's own",
    async () => {
      const etcdctl = (name: string, line: string) => {
        const pki = (path: string) => join(cluster.directory, "data/pki", path)
        const files = [
          "--cacert",
          pki("etcd/ca.crt"),
          "--cert",
          pki(`${name}.crt`),
          "--key",
          pki(`${name}.key`),
        ]
        const words = [`--endpoints=https://127.0.0.1:${port}`, ...files, ...line.split(" ")]
        return run("etcdctl", words, { env: { ETCDCTL_API: "3" } })
      }
      const admitted = (line: string) => etcdctl("etcd/healthcheck-client", line)
      expect((await admitted("get /registry/configmaps/default/v --keys-only")).stdout.trim()).toBe(
        "/registry/configmaps/default/v",
      )
      expect((await admitted(`snapshot save ${file("by-etcdctl.db")}`)).code).toBe(0)
      expect((await run(process.execPath, [cli, "snapshot", "status", file("by-etcdctl.db")])).code).toBe(0)
      // The cluster's own certificates, of whatever user, do not open the store.
      const refused = await etcdctl("super-admin", "get / --prefix --command-timeout=2s --dial-timeout=2s")
      expect(refused.code).not.toBe(0)
    },
  )

  test("is saved while the cluster runs, restored, and goes on as a cluster", async () => {
    expect((await cluster.coracle("snapshot", "save", file("then.db"), "--at", then)).stderr).toBe("")
    expect((await cluster.coracle("snapshot", "save", file("now.db"))).stdout).toMatch(
      /^saved .*hash [0-9a-f]{8}\n$/,
    )
    expect((await copy.coracle("snapshot", "restore", file("then.db"))).stdout).toMatch(/^restored /)
    cpSync(join(cluster.directory, "data/pki"), join(copy.directory, "data/pki"), { recursive: true })
    await copy.up()
    const restored = copy.kubectl(realClients.kubectl136())
    expect(await restored.call("get configmap v -o jsonpath={.data.x}")).toBe("1")
    await eventually(() => restored.call("create configmap new"))
    await copy.coracle("down")
    expect((await copy.coracle("snapshot", "save", file("stopped.db"))).stdout).toMatch(/^saved /)
    expect((await copy.coracle("snapshot", "restore", file("now.db"))).stderr).toContain(
      "holds a store already",
    )
  })

  test("that is damaged is not served: the file and the place are named", async () => {
    const directory = join(copy.directory, "data/etcd")
    const oldest = readdirSync(directory)
      .sort()
      .find((name) => name.startsWith("base-"))!
    writeSync(openSync(join(directory, oldest), "r+"), "X", 2000)
    const { code, stderr } = await copy.coracle("up", "--listen", "127.0.0.1:0", ...nodes)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /coracle up: the store is damaged: \S+\/base-\d+, byte \d+: the frame's checksum does not match/,
    )
  })
})
