import { readFile } from "node:fs/promises"
import { replaceFile } from "../../../base/real/replace-file.ts"
import { formatTime } from "../../../apimachinery/time.ts"
import type { ShutdownRecord, ShutdownTimes } from "../../shutdown/machine-shutdown.ts"

// What upstream writes for a time that has not come.
const never = "0001-01-01T00:00:00Z"

/** Upstream's file: `graceful_node_shutdown_state` in the kubelet's directory. */
export function shutdownRecord(path: string): ShutdownRecord {
  return {
    async load() {
      const text = await readFile(path, "utf8").catch(() => undefined)
      if (text === undefined) return {}
      const { startTime = never, endTime = never } = JSON.parse(text) as {
        startTime?: string
        endTime?: string
      }
      return { ...known("startMs", startTime), ...known("endMs", endTime) }
    },
    store: ({ startMs, endMs }) =>
      replaceFile(path, JSON.stringify({ startTime: written(startMs), endTime: written(endMs) }), 0o644),
  }
}

function known(name: keyof ShutdownTimes, text: string): ShutdownTimes {
  return text === never ? {} : { [name]: Date.parse(text) }
}

function written(timeMs: number | undefined): string {
  return timeMs === undefined ? never : formatTime(timeMs)
}
