import type { PodSandbox, RuntimeService } from "../../container-runtime/cri.ts"
import { podUidLabel } from "../containers/runtime-labels.ts"
import type { KubeletServices } from "../kubelet-services.ts"

// The end of a pod on its node. Each of these may be done again after it failed half way.

/** Stops every sandbox of a pod and gives its address back. Asked anew: a call that failed may yet have made one. */
export async function stopSandboxes({ runtime, network }: KubeletServices, podUid: string): Promise<void> {
  const sandboxes = await sandboxesOf(runtime, podUid)
  await Promise.all(sandboxes.map(({ id }) => runtime.stopPodSandbox(id)))
  await network.release(podUid)
}

/** Gives back what the node held for a pod of which nothing runs: volumes, control groups, addresses. */
export async function cleanUpPod(services: KubeletServices, podUid: string): Promise<void> {
  const { host, puller, runtime } = services
  // Nothing can be given back under the feet of what came up after all.
  const sandboxes = await sandboxesOf(runtime, podUid)
  if (sandboxes.some(({ state }) => state === "SANDBOX_READY")) await stopSandboxes(services, podUid)
  else await services.network.release(podUid)
  await host.volumes.unmount(podUid)
  await host.resources?.free(podUid)
  await host.claims?.release(podUid)
  await host.cgroups.remove(podUid)
  await host.users?.release(podUid)
  puller.forget(podUid)
}

/** Removes what was kept for people: dead containers, logs. */
export async function removeRemains({ runtime, host }: KubeletServices, podUid: string): Promise<void> {
  const sandboxes = await sandboxesOf(runtime, podUid)
  for (const { id } of sandboxes) await runtime.removePodSandbox(id)
  await host.files.remove(podUid, { logs: true })
}

/** Only their names and whether they run: a list is one call, however many there are. */
function sandboxesOf(runtime: RuntimeService, podUid: string): Promise<readonly PodSandbox[]> {
  return runtime.listPodSandboxes({ labelSelector: { [podUidLabel]: podUid } })
}
