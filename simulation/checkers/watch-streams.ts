import { Pod } from "../../src/api/core/v1/pod.ts"
import { type Clock, sleep } from "../../src/base/clock.ts"
import type { Client, WatchEvent } from "../../src/client/client.ts"
import type { Change } from "../world/history.ts"
import type { Checker } from "./checker.ts"

/** Whoever watches pods, and resumes where it was cut off, sees each change once and in order. */
export interface WatchStreams extends Checker {
  /** Watches on a road with faults until `signal` aborts. */
  run(client: Client, clock: Clock, signal: AbortSignal): Promise<void>
}

export function watchStreams(): WatchStreams {
  const happened: number[] = []
  const seen: number[] = []
  /** Everything up to here has been told, as bookmarks say. */
  let expired = false
  return {
    name: "watch-streams",
    async run(client, clock, signal) {
      let resourceVersion = ""
      while (!signal.aborted) {
        try {
          if (!resourceVersion) {
            const list = await client.list(Pod, { signal })
            ;({ resourceVersion } = list.metadata)
            // What came before is not this watcher's.
            happened.splice(0, happened.findLastIndex((revision) => revision <= Number(resourceVersion)) + 1)
            seen.length = 0
          }
          for await (const event of await client.watch(Pod, {
            resourceVersion,
            allowBookmarks: true,
            signal,
          })) {
            resourceVersion = event.object.metadata.resourceVersion
            note(event)
          }
        } catch (error) {
          if ((error as { reason?: string }).reason === "Expired") {
            expired = true
            return
          }
        }
        await sleep(clock, 200, signal)
      }
    },
    observe({ resource, revision }: Change) {
      if (resource === "pods") happened.push(revision)
      return undefined
    },
    atRest() {
      if (expired) return undefined
      const index = seen.findIndex((revision, position) => revision !== happened[position])
      if (index >= 0) return `the watch told revision ${seen[index]} where ${happened[index]} came next`
      return seen.length < happened.length
        ? `the watch never told revision ${happened[seen.length]}`
        : undefined
    },
  }

  function note({ type, object }: WatchEvent<Pod>): void {
    if (type !== "BOOKMARK") seen.push(Number(object.metadata.resourceVersion))
  }
}
