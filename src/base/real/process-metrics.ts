import { readdirSync, readFileSync } from "node:fs"
import { gauge, type Metric } from "../metrics.ts"

/** What Prometheus' clients tell of a process, under their names. What the system does not tell is left out. */
export function processMetrics(startedAtMs: number): readonly Metric[] {
  const one = (name: string, help: string, read: () => number | undefined, type?: "counter") =>
    gauge(
      { name, help },
      function* () {
        const value = read()
        if (value !== undefined) yield [value] as const
      },
      type,
    )
  return [
    one(
      "process_cpu_seconds_total",
      "Time on processors.",
      () => {
        const { user, system } = process.cpuUsage()
        return (user + system) / 1e6
      },
      "counter",
    ),
    one("process_resident_memory_bytes", "Memory in use.", () => process.memoryUsage.rss()),
    one("process_start_time_seconds", "When it began, since 1970.", () => startedAtMs / 1000),
    one("process_open_fds", "Files and connections that are open.", openFiles),
    one("process_max_fds", "How many it may have open.", maxFiles),
    one("nodejs_heap_size_used_bytes", "Heap in use.", () => process.memoryUsage().heapUsed),
    one("nodejs_heap_size_total_bytes", "Heap there is.", () => process.memoryUsage().heapTotal),
    one("nodejs_external_memory_bytes", "Memory outside of the heap.", () => process.memoryUsage().external),
  ]
}

function openFiles(): number | undefined {
  return attempt(() => readdirSync("/proc/self/fd").length)
}

function maxFiles(): number | undefined {
  const limits = attempt(() => readFileSync("/proc/self/limits", "utf8"))
  const found = limits && /^Max open files\s+(\d+)/m.exec(limits)
  return found ? Number(found[1]) : undefined
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
