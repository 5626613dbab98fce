import { readFileSync } from "node:fs"

/** Milliseconds a kernel tick lasts on every Linux that Node.js runs on (USER_HZ is 100). */
const tickMs = 10

export interface CpuTime {
  /** Of this process. */
  readonly ownMs: number
  /** Of the programs it has run that have ended; counted in steps of 10 ms. */
  readonly childrenMs: number
}

/** Processor time since the process began: what a busy machine does not falsify. */
export function cpuTime(): CpuTime {
  const { user, system } = process.cpuUsage()
  const stat = readFileSync("/proc/self/stat", "utf8")
  // After the name in brackets, which may have spaces: cutime and cstime are fields 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const childrenMs = (Number(fields[13]) + Number(fields[14])) * tickMs
  return { ownMs: (user + system) / 1000, childrenMs }
}

/** What has been used from one reading to the other. */
export function cpuTimeBetween(before: CpuTime, after: CpuTime): CpuTime {
  return { ownMs: after.ownMs - before.ownMs, childrenMs: after.childrenMs - before.childrenMs }
}
