import { mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createCommands } from "../../src/base/real/commands.ts"
import { runControllerPlugin } from "../fixtures/csi-driver/controller-plugin.ts"
import { type NodePlugin, startNodePlugin } from "../fixtures/csi-driver/node-plugin.ts"
import { eventually, type Kubectl, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const driver = "directories.csi.test"

const manifest = `
apiVersion: storage.k8s.io/v1
kind: CSIDriver
metadata: { name: ${driver} }
spec: { attachRequired: true, fsGroupPolicy: File }
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: { name: directories }
provisioner: ${driver}
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { storageClassName: directories, accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: keeper }
spec:
  selector: { matchLabels: { app: keeper } }
  strategy: { type: Recreate }
  template:
    metadata: { labels: { app: keeper } }
    spec:
      terminationGracePeriodSeconds: 1
      securityContext: { fsGroup: 2000 }
      containers:
        - name: main
          image: e2e/busybox:1
          command: [sh, -c, "echo $(hostname) >> /data/visits; trap exit TERM; while true; do sleep 1; done"]
          securityContext: { runAsUser: 1000 }
          volumeMounts: [{ name: data, mountPath: /data }]
      volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]
`

// A driver whose node part is a process of the machine, as the controller that provisions and attaches for it.
describe.skipIf(missing)("a CSI driver", () => {
  const cluster = new TestCluster()
  const stop = new AbortController()
  const data = join(cluster.directory, "csi-data")
  let kubectl: Kubectl
  let plugin: NodePlugin
  let controller: Promise<void>

  beforeAll(async () => {
    await cluster.up()
    kubectl = cluster.kubectl(realClients.kubectl136())
    await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
    mkdirSync(data)
    const nodes = join(cluster.directory, "data/nodes")
    const [nodeName = ""] = readdirSync(nodes)
    plugin = await startNodePlugin({
      name: driver,
      nodeId: nodeName,
      kubeletDirectory: join(nodes, nodeName, "kubelet"),
      dataDirectory: data,
      commands: createCommands(),
    })
    controller = runControllerPlugin(
      { name: driver, client: await cluster.client(), dataDirectory: data, storageClass: "directories" },
      stop.signal,
    )
  })
  afterAll(async () => {
    stop.abort()
    await controller
    await plugin?.stop()
    await cluster.destroy()
  })

  const handles = () => readdirSync(data)
  const visits = () =>
    readFileSync(join(data, handles()[0] ?? "", "visits"), "utf8")
      .trim()
      .split("\n")

  test("registers with its node", async () => {
    expect(await plugin.registered).toEqual({ pluginRegistered: true, error: "" })
    expect(await kubectl.call(`get csinodes -o jsonpath={.items[0].spec.drivers[0].name}`)).toBe(driver)
  })

  test("keeps the data of a Deployment from pod to pod", async () => {
    await kubectl.call("apply -f -", manifest)
    await kubectl.call("rollout status deployment/keeper --timeout=60s")
    await eventually(async () => expect(visits()).toHaveLength(1))
    expect(await kubectl.call("get volumeattachments -o jsonpath={.items[*].status.attached}")).toBe("true")
    await kubectl.call("rollout restart deployment/keeper")
    await kubectl.call("rollout status deployment/keeper --timeout=60s")
    await eventually(async () => expect(visits()).toHaveLength(2))
  })

  test("is rid of everything when the claim is gone", async () => {
    await kubectl.call("delete deployment/keeper pvc/data")
    await eventually(async () => {
      expect(handles()).toEqual([])
      expect(await kubectl.call("get pv,volumeattachments -o name")).toBe("")
    })
    const { method } = plugin.calls.filter((call) => call.method !== "NodeGetVolumeStats").at(-1)!
    expect(method).toBe("NodeUnstageVolume")
  })
})
