import { integer, type Random } from "../../../src/base/random.ts"
import type { ClusterUnderSoak } from "../cluster-under-soak.ts"
import { processIds, readText } from "../machine.ts"

/**
 * What breaks: SIGKILL to something. Gives what it was, undefined where there was nothing to kill.
 *
 * @param isMeasuring when something of every kind has to live on, so that its memory can be watched
 */
export type Fault = (
  cluster: ClusterUnderSoak,
  random: Random,
  isMeasuring: boolean,
) => Promise<string | undefined>

export interface NamedFault {
  readonly weight: number
  readonly name: string
  readonly fault: Fault
  /** After it a process whose memory is watched is another one. */
  readonly endsMeasured: boolean
}

export const faults: readonly NamedFault[] = [
  { weight: 5, name: "kill container", fault: killContainer, endsMeasured: false },
  { weight: 2, name: "kill containerd", fault: killContainerd, endsMeasured: false },
  { weight: 2, name: "kill node", fault: killNode, endsMeasured: true },
  { weight: 1, name: "kill control plane", fault: killControlPlane, endsMeasured: true },
]

async function killContainer(cluster: ClusterUnderSoak, random: Random): Promise<string | undefined> {
  const pids = processIds().filter((each) => isInContainer(cluster, each))
  const pid = pids[integer(random, pids.length)]
  return pid ? kill(pid, readText(`/proc/${pid}/cmdline`).replaceAll("\0", " ").slice(0, 40)) : undefined
}

/** Below a pod's control group, of a node of this cluster. */
function isInContainer({ cgroup }: ClusterUnderSoak, pid: number): boolean {
  const groups = readText(`/proc/${pid}/cgroup`)
  return groups.includes(`${cgroup}/`) && /\/pod[0-9a-f-]+\/[0-9a-f]{64}/.test(groups)
}

async function killContainerd(
  cluster: ClusterUnderSoak,
  random: Random,
  isMeasuring: boolean,
): Promise<string | undefined> {
  const nodes = isMeasuring ? cluster.nodes.slice(1) : cluster.nodes
  const node = nodes[integer(random, nodes.length)]
  if (node === undefined) return undefined
  const pid = cluster.findContainerdPid(node)
  return pid ? kill(pid, node) : undefined
}

async function killNode(cluster: ClusterUnderSoak, random: Random): Promise<string | undefined> {
  const node = cluster.nodes[integer(random, cluster.nodes.length)]!
  const pid = cluster.findNodePid(node)
  return pid ? kill(pid, node) : undefined
}

/** With it its nodes' processes end, which are its children; `up` takes everything over. */
async function killControlPlane(cluster: ClusterUnderSoak): Promise<string | undefined> {
  const what = kill(cluster.controlPlanePid, "control plane")
  if (what) await cluster.up()
  return what
}

function kill(pid: number, what: string): string | undefined {
  try {
    process.kill(pid, "SIGKILL")
    return what
  } catch {
    return undefined
  }
}
