import { quote } from "../../base/quote.ts"

/** Numbers of logical processors, or of NUMA nodes. Never changed once made. */
export type CpuSet = ReadonlySet<number>

export const noCpus: CpuSet = new Set()

/**
 * The set of a list as the kernel writes it: "0-3,8". Throws Error in the words of upstream's parser.
 */
export function parseCpuSet(text: string): CpuSet {
  const found = new Set<number>()
  if (text === "") return found
  for (const part of text.split(",")) {
    const [first = "", last] = part.split("-")
    const from = parseNumber(first)
    if (last === undefined) {
      found.add(from)
      continue
    }
    const to = parseNumber(part.slice(first.length + 1))
    if (from > to) throw new Error(`invalid range ${quote(part)} (${from} > ${to})`)
    for (let cpu = from; cpu <= to; cpu++) found.add(cpu)
  }
  return found
}

function parseNumber(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw new Error(`strconv.Atoi: parsing ${quote(text)}: invalid syntax`)
}

/** As the kernel writes and reads it: "0-3,8". */
export function formatCpuSet(cpus: Iterable<number>): string {
  const ranges: [number, number][] = []
  for (const cpu of sorted(cpus)) {
    const last = ranges.at(-1)
    if (last && last[1] === cpu - 1) last[1] = cpu
    else ranges.push([cpu, cpu])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",")
}

export function sorted(cpus: Iterable<number>): number[] {
  return [...cpus].sort((a, b) => a - b)
}

export function union(...sets: readonly Iterable<number>[]): CpuSet {
  const all = new Set<number>()
  for (const set of sets) for (const cpu of set) all.add(cpu)
  return all
}

export function difference(set: CpuSet, without: CpuSet): CpuSet {
  return new Set([...set].filter((cpu) => !without.has(cpu)))
}

export function intersection(set: CpuSet, other: CpuSet): CpuSet {
  return new Set([...set].filter((cpu) => other.has(cpu)))
}

export function isSubset(set: CpuSet, of: CpuSet): boolean {
  return [...set].every((cpu) => of.has(cpu))
}

export function equals(set: CpuSet, other: CpuSet): boolean {
  return set.size === other.size && isSubset(set, other)
}
