import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually, hostState, type Kubectl, run, TestCluster } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { pluginPrograms, whyNoPlugins, writePluginConfiguration } from "./network-plugins.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoPlugins()

const configuration = {
  cniVersion: "0.4.0",
  name: "e2e",
  plugins: [
    {
      type: "ptp",
      mtu: 1400,
      ipam: { type: "host-local", ranges: [[{ subnet: "10.87.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
}
const deny = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  metadata: { name: "deny" },
  spec: { podSelector: { matchLabels: { app: "web" } }, policyTypes: ["Ingress"] },
}

// Debian's CNI plugins connect the pods; everything above them is ours.
describe.skipIf(missing)("a network plugin of somebody else", () => {
  let before: Record<string, string>
  let cluster: TestCluster
  let kubectl: Kubectl

  beforeAll(async () => {
    before = hostState()
    cluster = new TestCluster()
    const directory = writePluginConfiguration(cluster.directory, configuration)
    await cluster.up(["--ingress", "off", "--cni-conf-dir", directory, "--cni-bin-dir", pluginPrograms])
    await cluster.loadImage(buildBusyboxImage, "e2e/busybox:1")
    kubectl = cluster.kubectl(realClients.kubectl136())
    const pod = "--image=e2e/busybox:1 --image-pull-policy=Never --port=8080 --command --"
    await kubectl.call(
      `run web --labels=app=web ${pod} sh -c 'hostname > /tmp/index.html && httpd -f -p 8080 -h /tmp'`,
    )
    await kubectl.call(`run client --labels=app=client ${pod} sleep 3600`)
    await kubectl.call("expose pod web --port=80 --target-port=8080")
    await kubectl.call("wait pod --all --for=condition=Ready --timeout=60s")
  })
  afterAll(async () => {
    await cluster.destroy()
    // Its addresses are its own affair; nothing else stays.
    await run("rm", ["-rf", "/var/lib/cni/networks/e2e"])
    expect(hostState()).toEqual(before)
  })

  const ask = (url: string) => kubectl.try(`exec client -- timeout 3 wget -q -O - ${url}`)

  test("gives pods their addresses, and Services and names lead to them", async () => {
    const { status } = await kubectl.json<{ status: { podIP: string } }>("get pod web")
    expect(status.podIP).toMatch(/^10\.87\.0\./)
    for (const url of [
      `http://${status.podIP}:8080/`,
      "http://web/",
      "http://web.default.svc.cluster.local/",
    ])
      await eventually(async () => expect((await ask(url)).stdout.trim(), url).toBe("web"))
  })

  test("leads pods to the API server", async () => {
    const connect = "timeout 5 nc -w 2 kubernetes 443 </dev/null && echo reached"
    await eventually(async () =>
      expect((await kubectl.try(`exec client -- sh -c '${connect}'`)).stdout.trim()).toBe("reached"),
    )
  })

  test("is guarded by NetworkPolicies, for it routes", async () => {
    const applied = await kubectl.try("apply -f -", JSON.stringify(deny))
    expect(applied).toMatchObject({ code: 0, stderr: "" })
    await eventually(async () => expect((await ask("http://web/")).code).not.toBe(0))
    await kubectl.call("delete networkpolicy deny")
    await eventually(async () => expect((await ask("http://web/")).stdout.trim()).toBe("web"))
  })
})
