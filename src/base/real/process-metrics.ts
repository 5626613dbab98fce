import { readdirSync, readFileSync } from "node:fs"
import type { Clock } from "../clock.ts"
import { gauge, type Metric } from "../metrics.ts"

const startTime = "process_start_time_seconds"
const startHelp = "Start time of the process since unix epoch in seconds."

/** When the process began, as `clock` has it. */
function readStart(clock: Clock): number {
  return clock.now() / 1000 - process.uptime()
}

/** The same as what `/metrics` tells of it, under the help that `/metrics/slis` has. */
export function processStartMetric(clock: Clock): Metric {
  const startedAt = readStart(clock)
  return gauge({ name: startTime, help: `[ALPHA] ${startHelp}` }, () => [[startedAt]])
}

/** What Prometheus' clients tell of a process, under their names. What the system does not tell is left out. */
export function processMetrics(clock: Clock): readonly Metric[] {
  const startedAt = readStart(clock)
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
      "Total user and system CPU time spent in seconds.",
      () => {
        const { user, system } = process.cpuUsage()
        return (user + system) / 1e6
      },
      "counter",
    ),
    one("process_resident_memory_bytes", "Resident memory size in bytes.", () => process.memoryUsage.rss()),
    one("process_virtual_memory_bytes", "Virtual memory size in bytes.", virtualMemory),
    one(startTime, startHelp, () => startedAt),
    one("process_open_fds", "Number of open file descriptors.", openFiles),
    one("process_max_fds", "Maximum number of open file descriptors.", maxFiles),
    one("nodejs_heap_size_used_bytes", "Heap in use.", () => process.memoryUsage().heapUsed),
    one("nodejs_heap_size_total_bytes", "Heap there is.", () => process.memoryUsage().heapTotal),
    one("nodejs_external_memory_bytes", "Memory outside of the heap.", () => process.memoryUsage().external),
  ]
}

function virtualMemory(): number | undefined {
  const status = attempt(() => readFileSync("/proc/self/status", "utf8"))
  const found = status && /^VmSize:\s+(\d+) kB/m.exec(status)
  return found ? Number(found[1]) * 1024 : undefined
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
