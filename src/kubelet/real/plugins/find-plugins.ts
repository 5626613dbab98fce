import { orAborted } from "../../../base/on-abort.ts"
import { sleep } from "../../../base/clock.ts"
import type { CsiNodeObject } from "../csi/csi-node-object.ts"
import { PluginWatcher, type PluginWatcherOptions } from "./plugin-watcher.ts"

export interface FindPluginsOptions extends PluginWatcherOptions {
  readonly nodeObject: Pick<CsiNodeObject, "ensure">
  /** Resolves when the API knows the node. */
  readonly ready: Promise<void>
}

/** Looks for plugins once the API knows the node: drivers are told of in its CSINode. Resolves when it has begun. */
export async function findPlugins(options: FindPluginsOptions, signal: AbortSignal): Promise<void> {
  const { ready, nodeObject, clock, log } = options
  await orAborted(ready, signal)
  while (!signal.aborted) {
    try {
      await nodeObject.ensure()
      break
    } catch (error) {
      log.warn("CSINode not made, trying again", { error })
      await sleep(clock, 1000, signal)
    }
  }
  if (!signal.aborted) await new PluginWatcher(options).start(signal)
}
