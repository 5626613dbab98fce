import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, type Kubectl, TestCluster } from "./cluster.ts"
import { realClients } from "./real-clients.ts"

const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" }, annotations: { "simulation.coracle.dev/cpu": "200m" } },
      spec: {
        containers: [
          { name: "web", image: "web:1", resources: { requests: { cpu: "100m", memory: "64Mi" } } },
        ],
      },
    },
  },
}

// Containers that use as much as they are told to, on simulated nodes; everything else is as it always is.
describe("what pods use", () => {
  const cluster = new TestCluster(["--nodes", "0", "--simulated-nodes", "2"])
  let kubectl: Kubectl

  beforeAll(async () => {
    await cluster.up()
    kubectl = cluster.kubectl(realClients.kubectl136())
    await kubectl.call("create -f -", JSON.stringify(deployment))
  })
  afterAll(() => cluster.destroy())

  test("is what kubectl top shows", async () => {
    const shown = await eventually(() => kubectl.call("top pods --no-headers"), 60_000, 1000)
    expect(shown).toMatch(/^web-\S+ +(19|20)\dm +\S+ *\n$/)
    expect(await kubectl.call("top pods -l app=web --containers")).toMatch(
      /POD +NAME +CPU\(cores\)[^]*web-\S+ +web +(19|20)\dm/,
    )
    expect(await kubectl.call("top nodes")).toMatch(
      /^NAME +CPU\(cores\) +CPU\(%\)[^]*simulated-1[^]*simulated-2/,
    )
  })

  test("decides how many there are", async () => {
    await kubectl.call("autoscale deployment web --min=1 --max=4 --cpu=50%")
    await eventually(
      async () => expect(await kubectl.call("get deployment web -o jsonpath={.spec.replicas}")).toBe("4"),
      60_000,
      1000,
    )
    expect(await kubectl.call("describe hpa web")).toMatch(
      /SuccessfulRescale .* New size: 4; reason: cpu resource utilization \(percentage of request\) above target/,
    )
    await kubectl.call("delete hpa web")
  })
})
