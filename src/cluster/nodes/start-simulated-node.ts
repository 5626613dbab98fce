import { integer } from "../../base/random.ts"
import { SimulatedImages } from "../../container-runtime/simulated/simulated-images.ts"
import { SimulatedRuntime } from "../../container-runtime/simulated/simulated-runtime.ts"
import { createSimulatedKubelet } from "../../kubelet/simulated/create-simulated-kubelet.ts"
import { createSimulatedDirectories } from "../../local-provisioner/simulated-directories.ts"
import { machineAddress } from "../machine.ts"
import type { ClusterNode, NodeParts } from "./cluster-node.ts"

/** Marks nodes that run nothing. */
export const simulatedNodeAnnotation = "simulation.coracle.dev/node"

/** A node whose containers are objects and timers: the same kubelet, nothing on the machine. Its version says what it is. */
export async function startSimulatedNode(parts: NodeParts): Promise<ClusterNode> {
  const { name, clock, random } = parts
  const controlPlane = await parts.controlPlane
  const stop = new AbortController()
  const addresses = simulatedAddresses(integer(random, 250) + 1)
  const runtime = new SimulatedRuntime({ clock, random, assignIp: addresses })
  let port = 0
  const kubelet = await createSimulatedKubelet({
    node: { name, labels: {}, annotations: { [simulatedNodeAnnotation]: "true" } },
    nodeIp: machineAddress() ?? "127.0.0.1",
    client: controlPlane.clientFor("kubelet"),
    clock,
    random,
    log: parts.log.named("kubelet"),
    runtime,
    images: new SimulatedImages({ clock }),
    findBehaviour: (id) => runtime.findProfile(id),
    port: () => port,
  })
  const server = await controlPlane.serveKubelet(kubelet, { flags: { "hostname-override": name } })
  port = server.port
  controlPlane.offerVolumes(createSimulatedDirectories())
  const running = kubelet.run(stop.signal)
  return {
    name,
    runtime: "simulated",
    ready: kubelet.ready,
    async stop() {
      stop.abort()
      await Promise.allSettled([running])
      await server.close()
    },
  }
}

/** Addresses nobody can reach, one after the other, from a range of the node's own. */
function simulatedAddresses(range: number): () => string {
  let last = 0
  return () => {
    last++
    return `10.${128 + (range % 100)}.${(last >> 8) & 0xff}.${last & 0xff || 1}`
  }
}
