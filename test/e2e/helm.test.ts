import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Kubectl, type Output, run, TestCluster } from "./cluster.ts"
import { realClients } from "./real-clients.ts"

const hooks =
  "pre-install post-install pre-upgrade post-upgrade pre-rollback post-rollback pre-delete post-delete test"

// A chart with every kind of hook, whose Jobs end by themselves on simulated nodes.
describe("helm", () => {
  const cluster = new TestCluster(["--nodes", "0", "--simulated-nodes", "1"])
  const home = mkdtempSync(join(tmpdir(), "coracle-helm-"))
  const chart = join(home, "chart")
  let kubectl: Kubectl

  beforeAll(async () => {
    cpSync(fileURLToPath(new URL("../fixtures/chart", import.meta.url)), chart, { recursive: true })
    await cluster.up()
    kubectl = cluster.kubectl(realClients.kubectl136())
  })
  afterAll(async () => {
    await cluster.destroy()
    rmSync(home, { recursive: true, force: true })
  })

  async function helm(line: string): Promise<string> {
    const env = { KUBECONFIG: cluster.kubeconfig, HOME: dirname(cluster.kubeconfig) }
    const output: Output = await run(realClients.helm(), line.split(" "), { env })
    expect(output.code, output.stderr).toBe(0)
    return output.stdout
  }

  async function hooksDone(): Promise<string[]> {
    const line = "get jobs -o jsonpath={range.items[?(@.status.succeeded==1)]}{.metadata.name},{end}"
    const names = (await kubectl.call(line)).split(",").filter(Boolean)
    return names.map((name) => name.replace("web-", "")).sort()
  }

  test("install runs its hooks and waits for what it made", async () => {
    const printed = await helm(`install web ${chart} --wait --timeout 60s --create-namespace`)
    expect(printed).toMatch(/STATUS: deployed\nREVISION: 1/)
    expect(await hooksDone()).toEqual(["post-install", "pre-install"])
    expect(await kubectl.call("get deployment web -o jsonpath={.status.readyReplicas}")).toBe("1")
  })

  test("test runs the test hook", async () => {
    expect(await helm("test web --timeout 60s")).toMatch(/TEST SUITE: +web-test\n[^]*Phase: +Succeeded/)
  })

  test("upgrade changes what is there", async () => {
    const printed = await helm(`upgrade web ${chart} --set replicas=2,greeting=bye --wait --timeout 60s`)
    expect(printed).toMatch(/has been upgraded[^]*REVISION: 2/)
    expect(await kubectl.call("get deployment web -o jsonpath={.status.readyReplicas}")).toBe("2")
    expect(await kubectl.call("get configmap web-greeting -o jsonpath={.data.greeting}")).toBe("bye")
  })

  test("rollback brings back what was", async () => {
    expect(await helm("rollback web 1 --wait --timeout 60s")).toContain("Rollback was a success!")
    expect(await kubectl.call("get configmap web-greeting -o jsonpath={.data.greeting}")).toBe("hello")
    expect(await helm("history web")).toMatch(/1 .*superseded[^]*2 .*superseded[^]*3 .*deployed/)
    expect(await helm("list -o json")).toContain('"revision":"3"')
  })

  test("uninstall takes all away but what hooks left", async () => {
    expect(await helm("uninstall web --wait --timeout 60s")).toContain('release "web" uninstalled')
    expect(await kubectl.call("get deployments,services -l app=web -o name")).toBe("")
    expect(await hooksDone()).toEqual(hooks.split(" ").sort())
  })
})
