import { execFileSync, spawn, type ChildProcess } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { cli, eventually, hostState, type Kubectl, run, TestCluster, whyNoContainers } from "./cluster.ts"
import { buildBusyboxImage } from "./images.ts"
import { pluginPrograms, whyNoPlugins, writePluginConfiguration } from "./network-plugins.ts"
import { realClients } from "./real-clients.ts"

const missing = whyNoContainers()
const namespace = "coracle-e2e-join"
const ip = (line: string) => execFileSync("ip", line.split(" "))
const machineIp = "198.51.100.1"
const nodeIp = "198.51.100.3"
const inside = ["nsenter", `--net=/run/netns/${namespace}`]

// Another machine, played by a network namespace with nothing but a cable to this one, becomes a node.
describe.skipIf(missing)("a machine that joins", () => {
  let before: Record<string, string>
  let cluster: TestCluster
  let kubectl: Kubectl
  let node: ChildProcess
  let joinCommand: string[]
  let nodeDirectory: string

  beforeAll(async () => {
    before = hostState()
    ip(`netns add ${namespace}`)
    ip(`link add cor-e2e type veth peer name eth0 netns ${namespace}`)
    ip(`addr add ${machineIp}/24 dev cor-e2e`)
    ip("link set cor-e2e up")
    for (const line of ["link set lo up", "link set eth0 up"]) ip(`-netns ${namespace} ${line}`)
    // Not the one that it would take by itself.
    for (const address of ["198.51.100.2", nodeIp]) ip(`-netns ${namespace} addr add ${address}/24 dev eth0`)
    ip(`-netns ${namespace} route add default via ${machineIp}`)
    cluster = new TestCluster(["--listen", "0.0.0.0:0", "--node-ip", machineIp])
    nodeDirectory = join(cluster.directory, "joined")
    await cluster.up()
    kubectl = cluster.kubectl(realClients.kubectl136())
  })
  afterAll(async () => {
    const reset = await run(process.execPath, [cli, "reset", "--data-dir", nodeDirectory])
    await cluster.destroy()
    ip("link del cor-e2e")
    ip(`netns del ${namespace}`)
    expect(reset.stderr).toBe("")
    expect(hostState()).toEqual(before)
  })

  const start = (...more: string[]) => {
    const [, ...words] = [...joinCommand, ...more]
    node = spawn(
      inside[0]!,
      [...inside.slice(1), process.execPath, cli, ...words, "--name", "second", "--data-dir", nodeDirectory],
      { stdio: ["ignore", "pipe", "pipe"] },
    )
    return new Promise<string>((resolve, reject) => {
      let printed = ""
      const look = (chunk: Buffer) => {
        printed += chunk.toString()
        if (printed.includes("ready node second")) resolve(printed)
      }
      node.stdout!.on("data", look)
      node.stderr!.on("data", look)
      node.on("exit", () => reject(new Error(printed)))
    })
  }

  test("is refused with a token that the cluster does not know", async () => {
    const made = await cluster.coracle("token", "create", "--description", "for a test")
    joinCommand = made.stdout.trim().split(" ")
    expect(made.stdout).toContain(` https://${machineIp}:`)
    const wrong = joinCommand.map((word) =>
      /^\w{6}\.\w{16}$/.test(word) ? `${word.slice(0, 22)}${word.endsWith("x") ? "y" : "x"}` : word,
    )
    const [, ...words] = wrong
    const { code, stderr } = await run(inside[0]!, [
      ...inside.slice(1),
      process.execPath,
      cli,
      ...words,
      "--data-dir",
      nodeDirectory,
    ])
    expect(code).toBe(1)
    expect(stderr).toMatch(/does not know the token \w{6}\.\*\*\*/)
    const otherHash = joinCommand.map((word) =>
      word.startsWith("sha256:") ? `sha256:${"0".repeat(64)}` : word,
    )
    const other = await run(inside[0]!, [
      ...inside.slice(1),
      process.execPath,
      cli,
      ...otherHash.slice(1),
      "--data-dir",
      nodeDirectory,
    ])
    expect(other.stderr).toContain("which is none of those given by --ca-cert-hash")
    await expect(start("--node-ip", "192.0.2.99")).rejects.toThrow(
      'node IP: "192.0.2.99" not found in the host\'s network interfaces',
    )
  })

  test("becomes a node with a token, and its pods are of the cluster", async () => {
    expect(await start("--node-ip", nodeIp)).toContain("joined https://")
    await kubectl.call("wait node/second --for=condition=Ready --timeout=30s")
    const image = buildBusyboxImage("e2e/busybox:1", { output: join(cluster.directory, "image.tar") })
    for (const directory of [join(cluster.directory, "data"), nodeDirectory])
      await run(process.execPath, [cli, "image", "load", image, "--data-dir", directory])
    const pod = (name: string, nodeName: string) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: { app: name } },
      spec: {
        nodeName,
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "main",
            image: "e2e/busybox:1",
            command: ["sh", "-c", "mkdir /www; hostname > /www/index.html; exec httpd -f -p 8080 -h /www"],
          },
        ],
      },
    })
    const { items } = await kubectl.json<{
      items: { metadata: { name: string }; status: { addresses: { address: string }[] } }[]
    }>("get nodes")
    expect(items.flatMap(({ status }) => status.addresses[0]!.address).toSorted()).toEqual([
      machineIp,
      nodeIp,
    ])
    const first = items.map(({ metadata }) => metadata.name).find((name) => name !== "second")!
    await kubectl.call("apply -f -", JSON.stringify(pod("here", first)))
    await kubectl.call("apply -f -", JSON.stringify(pod("there", "second")))
    for (const name of ["here", "there"]) {
      await kubectl.call(`wait pod/${name} --for=condition=Ready --timeout=30s`)
      await kubectl.call(`expose pod ${name} --port=80 --target-port=8080`)
    }
    // The kubelet's certificate is signed a moment after the node is there.
    await eventually(async () => {
      expect(await kubectl.call("exec there -- wget -q -O - http://here/")).toBe("here\n")
    })
    expect(await kubectl.call("exec here -- wget -q -O - http://there/")).toBe("there\n")
    const requests = await kubectl.call("get csr -o wide")
    expect(requests.match(/kubelet-serving +system:node:second .*Approved,Issued/g)).toHaveLength(1)
    expect(requests.match(/kube-apiserver-client-kubelet +system:bootstrap:/g)).toHaveLength(1)
  })

  test("keeps the data of claims of its pods", async () => {
    const claim = {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "data" },
      spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    }
    const pod = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "keeper" },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": "second" },
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: "main",
            image: "e2e/busybox:1",
            command: ["sh", "-c", "echo kept > /data/file; exec sleep 600"],
            volumeMounts: [{ name: "data", mountPath: "/data" }],
          },
        ],
        volumes: [{ name: "data", persistentVolumeClaim: { claimName: "data" } }],
      },
    }
    for (const object of [claim, pod]) await kubectl.call("apply -f -", JSON.stringify(object))
    await kubectl.call("wait pod/keeper --for=condition=Ready --timeout=30s")
    const volumes = join(nodeDirectory, "nodes/second/volumes")
    const [volume = ""] = readdirSync(volumes)
    await eventually(async () => {
      expect(readFileSync(join(volumes, volume, "file"), "utf8")).toBe("kept\n")
    })
    await kubectl.call("delete pod/keeper pvc/data")
    await eventually(async () => expect(readdirSync(volumes)).toEqual([]))
  })

  test("may not read what is not its own", async () => {
    await kubectl.call("create secret generic foreign --from-literal=a=b")
    const answer = await run(realClients.kubectl136(), ["get", "secret", "foreign"], {
      env: { KUBECONFIG: join(nodeDirectory, "nodes/second/kubeconfig") },
    })
    expect(answer.stderr).toContain('secrets "foreign" is forbidden: User "system:node:second" cannot get')
  })

  test("killed, it comes back by itself with the same containers", async () => {
    const containers = () =>
      kubectl.call("get pod there -o 'jsonpath={.status.containerStatuses[0].containerID}'")
    const earlier = await containers()
    node.removeAllListeners("exit")
    process.kill(Number(execFileSync("pgrep", ["-f", `node join .*--data-dir ${nodeDirectory}`])), "SIGKILL")
    await start()
    expect(await containers()).toBe(earlier)
    await eventually(async () => {
      expect(await kubectl.call("exec there -- wget -q -O - http://here/")).toBe("here\n")
    })
  })

  test.skipIf(whyNoPlugins())("goes on with network plugins of its own", async () => {
    node.removeAllListeners("exit")
    await run(process.execPath, [cli, "down", "--data-dir", nodeDirectory])
    const ranges = [[{ subnet: "10.88.0.0/24" }]]
    const ipam = {
      type: "host-local",
      ranges,
      routes: [{ dst: "0.0.0.0/0" }],
      dataDir: `${nodeDirectory}/ipam`,
    }
    const directory = writePluginConfiguration(cluster.directory, {
      cniVersion: "0.4.0",
      name: "e2e-join",
      plugins: [{ type: "ptp", ipMasq: true, ipam }],
    })
    const printed = await start("--cni-conf-dir", directory, "--cni-bin-dir", pluginPrograms)
    expect(printed).not.toContain("joined")
    const overrides = { spec: { nodeName: "second", terminationGracePeriodSeconds: 0 } }
    await kubectl.call(
      `run plugged --image=e2e/busybox:1 '--overrides=${JSON.stringify(overrides)}' --command -- sleep 600`,
    )
    await kubectl.call("wait pod/plugged --for=condition=Ready --timeout=60s")
    const { status } = await kubectl.json<{ status: { podIP: string } }>("get pod plugged")
    expect(status.podIP).toMatch(/^10\.88\.0\./)
    await eventually(async () =>
      expect(await kubectl.call("exec plugged -- wget -q -O - http://here/")).toBe("here\n"),
    )
    await kubectl.call("delete pod plugged --now")
  })

  test("stops when it is told to, though it has not found its cluster", async () => {
    node.removeAllListeners("exit")
    await run(process.execPath, [cli, "down", "--data-dir", nodeDirectory])
    await cluster.coracle("down")
    const words = ["node", "run", "--name", "second", "--data-dir", nodeDirectory]
    node = spawn(inside[0]!, [...inside.slice(1), process.execPath, cli, ...words], { stdio: "ignore" })
    const log = join(nodeDirectory, "coracle.log")
    const lookedFrom = readFileSync(log).length
    await eventually(async () => {
      expect(readFileSync(log, "utf8").slice(lookedFrom)).toContain("node not registered, trying again")
    })
    const down = await run(process.execPath, [cli, "down", "--data-dir", nodeDirectory])
    expect(down).toMatchObject({ code: 0, stdout: expect.stringContaining("stopped") })
  })
})
