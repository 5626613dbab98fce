export interface LinearFit {
  readonly intercept: number
  readonly slope: number
  /** The slope's standard error: how far it may be off by chance. */
  readonly slopeError: number
}

/** The straight line that is nearest to the points (least squares). Undefined for fewer than three, or all at one x. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): LinearFit | undefined {
  const count = points.length
  if (count < 3) return undefined
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / count
  const meanX = mean(([x]) => x)
  const meanY = mean(([, y]) => y)
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  if (spread === 0) return undefined
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread
  const intercept = meanY - slope * meanX
  const residue = points.reduce((sum, [x, y]) => sum + (y - intercept - slope * x) ** 2, 0)
  return { intercept, slope, slopeError: Math.sqrt(residue / (count - 2) / spread) }
}
