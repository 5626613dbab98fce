/** How large something may get: characters, bytes, elements or members. */
export interface SizeEstimate {
  readonly min: number
  readonly max: number
}

/** How much evaluating may cost. `max` saturates at `maxCost`. */
export interface CostEstimate {
  readonly min: number
  readonly max: number
}

/** 2^64 - 1 upstream; estimates at or above it are unbounded. Above 2^53 sums are not exact, and far above any limit. */
export const maxCost = 2 ** 64

export function fixed(value: number): SizeEstimate {
  return { min: value, max: value }
}

export const unknownSize: SizeEstimate = { min: 0, max: maxCost }

export function addEstimates(...estimates: readonly CostEstimate[]): CostEstimate {
  let min = 0
  let max = 0
  for (const estimate of estimates) {
    min = saturate(min + estimate.min)
    max = saturate(max + estimate.max)
  }
  return { min, max }
}

export function multiplyEstimates(a: CostEstimate, b: CostEstimate): CostEstimate {
  return { min: product(a.min, b.min), max: product(a.max, b.max) }
}

/** Rounded up. */
export function scale({ min, max }: CostEstimate, factor: number): CostEstimate {
  return { min: saturate(Math.ceil(min * factor)), max: saturate(Math.ceil(max * factor)) }
}

export function unionEstimates(a: CostEstimate, b: CostEstimate): CostEstimate {
  return { min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) }
}

function product(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : saturate(a * b)
}

function saturate(value: number): number {
  return Math.min(value, maxCost)
}
