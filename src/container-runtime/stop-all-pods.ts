import type { RuntimeService } from "./cri.ts"

/**
 * Stops every pod of a runtime: containers get `graceSeconds` to end, then sandboxes go with their network. What is left
 * is on disk only (dead containers and their logs), so that the next start finds its history.
 */
export async function stopAllPods(runtime: RuntimeService, graceSeconds: number): Promise<void> {
  const running = await runtime.listContainers({ state: "CONTAINER_RUNNING" })
  await Promise.all(running.map(({ id }) => runtime.stopContainer(id, graceSeconds)))
  // Those that are not ready may still hold a network: stopping again is free.
  const sandboxes = await runtime.listPodSandboxes()
  await Promise.all(sandboxes.map(({ id }) => runtime.stopPodSandbox(id)))
}
