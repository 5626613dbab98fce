import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { startTestServer, type TestServer } from "../apiserver/testing.ts"
import { Deployment } from "../api/apps/v1/deployment.ts"
import { Lease } from "../api/coordination/v1/lease.ts"
import { ConfigMap } from "../api/core/v1/config-map.ts"
import { Namespace } from "../api/core/v1/namespace.ts"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { formatMetrics } from "../base/metrics.ts"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { controllerNames, createControllers } from "./controllers.ts"
import { type ControllerManagerOptions, createControllerManager } from "./create-controller-manager.ts"

let clock: SimulatedClock
let server: TestServer
let abort: AbortController
beforeEach(async () => {
  clock = new SimulatedClock()
  server = await startTestServer({ clock })
  abort = new AbortController()
})
afterEach(async () => {
  abort.abort()
  await server.stop()
})

function start(options: Partial<ControllerManagerOptions> = {}) {
  const { transport } = server
  const random = new SeededRandom("manager")
  const manager = createControllerManager({
    transport,
    clock,
    random,
    log: silentLogger,
    rootCertificateAuthority: "PEM",
    nodeIpam: { clusterCidrs: ["10.244.0.0/16"] },
    ...options,
  })
  return { ...manager, ended: manager.run(abort.signal) }
}

const labels = { app: "web" }
async function createDeployment() {
  await server.client.create(Deployment, {
    metadata: { namespace: "default", name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "web", image: "web" }] } },
    },
  })
}

describe("controller manager", () => {
  it("runs everything together: from a Deployment to its pods, and back to nothing", async () => {
    const manager = start()
    await clock.advance(100)
    await manager.ready
    await server.client.create(Node, { metadata: { name: "a" } })
    expect(formatMetrics(manager.metrics)).toContain('workqueue_depth{name="deployment"} 0')
    await server.client.create(Namespace, { metadata: { name: "shop" } })
    await createDeployment()
    await clock.advance(1000)
    expect((await server.client.list(Pod)).items).toHaveLength(2)
    expect((await server.client.get(Node, { name: "a" })).spec.podCIDR).toBe("10.244.0.0/24")
    const rootCa = await server.client.get(ConfigMap, { namespace: "shop", name: "kube-root-ca.crt" })
    expect(rootCa.data).toEqual({ "ca.crt": "PEM" })
    await server.client.delete(Deployment, { namespace: "default", name: "web" })
    await clock.advance(1000)
    const left = (await server.client.list(Pod)).items.filter((pod) => !pod.metadata.deletionTimestamp)
    expect(left).toEqual([])
    abort.abort()
    await manager.ended
  })

  it("runs only what was chosen", () => {
    const settings = {
      discover: async () => ({ resources: [], stale: [] }),
      readOpenApi: async () => undefined,
      transportOf: () => server.transport,
    }
    const names = (...selection: string[]) => createControllers(settings, selection).map(({ name }) => name)
    expect(names("deployment-controller")).toEqual(["deployment-controller"])
    expect(names("*", "-deployment-controller")).not.toContain("deployment-controller")
    expect(names("*", "-deployment-controller")).toContain("replicaset-controller")
    expect(() => names("nonsense")).toThrow('"nonsense" is not in the list of known controllers')
    expect(new Set(controllerNames).size).toBe(controllerNames.length)
  })

  it("waits for the lease when there is an election", async () => {
    await server.client.create(Lease, {
      metadata: { namespace: "kube-system", name: "kube-controller-manager" },
      spec: {
        holderIdentity: "somebody",
        leaseDurationSeconds: 15,
        renewTime: "2026-01-01T00:00:00.000000Z",
      },
    })
    start({ leaderElection: { identity: "me" } })
    await createDeployment()
    await clock.advance(10_000)
    expect((await server.client.list(Pod)).items).toEqual([])
    await clock.advance(15_000)
    expect((await server.client.list(Pod)).items).toHaveLength(2)
  })
})
