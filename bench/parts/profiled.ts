import { writeFileSync } from "node:fs"
import { Session } from "node:inspector/promises"

/** Writes a profile of what `work` does with the CPU to `file`, for Chrome's developer tools; without a file it only works. */
export async function profiled<T>(file: string | undefined, work: () => Promise<T>): Promise<T> {
  if (!file) return work()
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: 500 })
  await session.post("Profiler.start")
  const result = await work()
  const { profile } = await session.post("Profiler.stop")
  writeFileSync(file, JSON.stringify(profile))
  session.disconnect()
  return result
}
