import type { Kubelet } from "../kubelet.ts"
import { findPodContainer } from "../pods/pod-containers.ts"
import { HttpProblem } from "./http-problem.ts"

/**
 * POST /checkpoint/{namespace}/{pod}/{container}: the container's state into a file, where the runtime can do that; resolves
 * to where it is. Throws HttpProblem, in upstream's words.
 */
export async function checkpointContainer(
  kubelet: Kubelet,
  [namespace, podName, containerName]: readonly [string, string, string],
  query: URLSearchParams,
): Promise<{ items: string[] }> {
  const worker = kubelet.workers.findByName(namespace, podName)
  if (!worker) throw new HttpProblem(404, "pod does not exist")
  if (!findPodContainer(worker.state.pod, containerName))
    throw new HttpProblem(404, `container ${containerName} does not exist`)
  const timeout = query.getAll("timeout").at(-1)
  if (timeout !== undefined && !/^[+-]?\d+$/.test(timeout))
    throw new HttpProblem(404, "cannot parse value of timeout parameter")
  const container = worker.state.runtime.containers.find(({ name }) => name === containerName)
  try {
    if (!container) throw new Error(`container ${containerName} not found`)
    const { clock, runtime, host } = kubelet.services
    const time = new Date(clock.now()).toISOString().replace(/\.\d+Z/, "Z")
    const file = `checkpoint-${podName}_${namespace}-${containerName}-${time}.tar`
    const location = await host.files.ensureCheckpointPath(file)
    await runtime.checkpointContainer(container.id, location, Number(timeout ?? 0))
    return { items: [location] }
  } catch (error) {
    const text = (error as Error).message
    throw new HttpProblem(500, `checkpointing of ${namespace}/${podName}/${containerName} failed (${text})`)
  }
}
