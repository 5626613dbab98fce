import { type CpuSet, equals, sorted } from "../cpu-set.ts"

/** NUMA nodes from which a demand can be met; undefined: it does not matter. */
export interface TopologyHint {
  readonly nodes: CpuSet | undefined
  /** There is no narrower way, even on an empty machine. */
  readonly preferred: boolean
}

/** For each resource: no hints at all means that it cannot be met; undefined, that it can be met from anywhere. */
export type HintsByResource = Readonly<Record<string, readonly TopologyHint[] | undefined>>

/** Every choice of nodes, the narrowest first. */
export function* combinations(nodes: readonly number[]): Generator<CpuSet> {
  for (let size = 1; size <= nodes.length; size++) {
    for (const chosen of choose(nodes, size)) yield new Set(chosen)
  }
}

export function* choose(items: readonly number[], size: number, from = 0): Generator<number[]> {
  if (size === 0) return void (yield [])
  for (let index = from; index <= items.length - size; index++)
    for (const rest of choose(items, size - 1, index + 1)) yield [items[index]!, ...rest]
}

/** Fewer nodes; of as many, those with lower numbers. */
export function isNarrower(nodes: CpuSet, than: CpuSet): boolean {
  return nodes.size === than.size ? isLess(nodes, than) : nodes.size < than.size
}

/** The highest node in which they differ is not among `nodes`. */
export function isLess(nodes: CpuSet, than: CpuSet): boolean {
  if (equals(nodes, than)) return false
  const [own, other] = [sorted(nodes).reverse(), sorted(than).reverse()]
  for (let index = 0; ; index++) {
    const [a = -1, b = -1] = [own[index], other[index]]
    if (a !== b) return a < b
  }
}

/** The hints of a demand by what each choice of nodes has: all that there is, and what of it is to be had now. */
export function hintsFor(
  nodes: readonly number[],
  hasEnough: (chosen: CpuSet) => { readonly ever: boolean; readonly now: boolean },
  isPreferred: (chosen: CpuSet, least: number) => boolean = (chosen, least) => chosen.size === least,
): TopologyHint[] {
  let least = nodes.length
  const possible: CpuSet[] = []
  for (const chosen of combinations(nodes)) {
    const { ever, now } = hasEnough(chosen)
    if (ever) least = Math.min(least, chosen.size)
    if (now) possible.push(chosen)
  }
  return possible.map((chosen) => ({ nodes: chosen, preferred: isPreferred(chosen, least) }))
}
