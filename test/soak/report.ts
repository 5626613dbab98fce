import type { MemoryTrend } from "./observers/memory.ts"
import type { SoakReport } from "./soak.ts"

/** Growth that an hour would make of it, above which memory is not flat: MiB, and as a share of what there is. */
const growthLimit = { mebibytes: 24, share: 0.25 }
const minSamples = 12
const minMinutes = 8

/** Prints what came of it; true when nothing was found. */
export function printReport({ options, minutes, rounds, counts, trends, findings }: SoakReport): boolean {
  const grown = trends.filter(grows)
  const rests = rounds.map(({ restedMs }) => restedMs).sort((a, b) => a - b)
  console.log(`\nsoak of ${minutes.toFixed(1)} min, seed ${options.seed}, ${options.nodes} nodes`)
  console.log(
    `rounds ${rounds.length}, at rest after p50 ${seconds(at(rests, 0.5))}, most ${seconds(rests.at(-1) ?? 0)}`,
  )
  console.log(`done ${[...counts].map(([name, count]) => `${name} ${count}`).join(", ")}`)
  console.log(
    "\nprocess              samples  minutes  first MiB  last MiB  MiB/hour    ±      RSS MiB  files",
  )
  for (const trend of trends) console.log(row(trend))
  for (const { process } of grown) console.log(`GROWS ${process}`)
  console.log(findings.length === 0 ? "\nnothing left, nothing lost" : `\n${findings.length} found:`)
  for (const finding of findings) console.log(`  ${finding}`)
  return findings.length === 0 && grown.length === 0
}

/** More than chance can explain, and more than an hour may add. Few samples, or a short life, prove nothing. */
export function grows({ fit, samples, minutes, firstMiB }: MemoryTrend): boolean {
  if (!fit || samples < minSamples || minutes < minMinutes) return false
  const sure = fit.slope - 3 * fit.slopeError
  return sure * 60 > Math.max(growthLimit.mebibytes, firstMiB * growthLimit.share)
}

function row({ process, samples, minutes, firstMiB, lastMiB, fit, rssMiB, openFiles }: MemoryTrend): string {
  const number = (value: number | undefined, width: number) => (value?.toFixed(1) ?? "-").padStart(width)
  return [
    process.padEnd(20),
    String(samples).padStart(8),
    number(minutes, 9),
    number(firstMiB, 11),
    number(lastMiB, 10),
    number(fit && fit.slope * 60, 10),
    number(fit && fit.slopeError * 60, 8),
    number(rssMiB, 10),
    (openFiles ? String(openFiles) : "-").padStart(7),
  ].join("")
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`
