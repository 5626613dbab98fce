// Processor time is weighed by shares in version 1 of control groups (2 to 262144, usually 1024) and by weights in version 2
// (1 to 10000, usually 100). A parabola through these three points, on logarithmic scales, leads from one to the other, as
// runc and crun have it since https://github.com/opencontainers/runc/issues/4772.

const minShares = 2
const maxShares = 262_144
const maxWeight = 10_000

/** Processor time in shares, as version 1 takes them. */
export function clampShares(shares: number): number {
  return Math.min(Math.max(shares, minShares), maxShares)
}

export function sharesToWeight(shares: number): number {
  if (shares <= minShares) return 1
  if (shares >= maxShares) return maxWeight
  const log = Math.log2(shares)
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34))
}

/** The way back, as near as whole weights allow. */
export function weightToShares(weight: number): number {
  if (weight <= 1) return minShares
  const log = (-125 + Math.sqrt(125 * 125 + 4 * 612 * (Math.log10(weight) + 7 / 34))) / 2
  return clampShares(Math.round(2 ** log))
}
