import type { PodSandbox, RuntimeService } from "../../container-runtime/cri.ts"
import { podUidLabel } from "../containers/runtime-labels.ts"
import type { KubeletServices } from "../kubelet-services.ts"

// The end of a pod on its node. Each of these may be done again after it failed half way.

/**
 * Stops every sandbox of a pod and gives its address back; resolves to the sandboxes that there were. Asked anew: a call that
 * failed may yet have made one.
 */
export async function stopSandboxes(
  { runtime, network }: KubeletServices,
  podUid: string,
): Promise<readonly string[]> {
  const sandboxes = await sandboxesOf(runtime, podUid)
  await Promise.all(sandboxes.map(({ id }) => runtime.stopPodSandbox(id)))
  await network.release(podUid)
  return sandboxes.map(({ id }) => id)
}

/**
 * Gives back what the node held for a pod of which nothing runs: volumes, control groups, addresses. One thing does not wait
 * for the other; whatever fails, the rest is done.
 */
export async function cleanUpPod(services: KubeletServices, podUid: string): Promise<void> {
  const { host, puller } = services
  await allDone([
    release(services, podUid).then(() => host.cgroups.remove(podUid)),
    host.volumes.unmount(podUid),
    host.resources?.free(podUid) ?? Promise.resolve(),
    host.claims?.release(podUid) ?? Promise.resolve(),
  ])
  await host.users?.release(podUid)
  puller.forget(podUid)
}

/** What came up after all is stopped: nothing can be given back under its feet. */
async function release(services: KubeletServices, podUid: string): Promise<void> {
  const sandboxes = await sandboxesOf(services.runtime, podUid)
  if (sandboxes.some(({ state }) => state === "SANDBOX_READY")) await stopSandboxes(services, podUid)
  else await services.network.release(podUid)
}

/** Waits for all, then throws what the first of them threw. */
async function allDone(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === "rejected")
  if (failed?.status === "rejected") throw failed.reason
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
