/** https://semver.org */
export interface Semver {
  readonly release: readonly [major: number, minor: number, patch: number]
  /** Empty for a release. */
  readonly preRelease: readonly string[]
}

export const zeroVersion: Semver = { release: [0, 0, 0], preRelease: [] }

const number = "0|[1-9][0-9]*"
const identifier = `(?:${number}|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)`
const pattern = new RegExp(
  `^(${number})\\.(${number})\\.(${number})(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+[0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*)?$`,
)

export function parseSemver(text: string): Semver | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  return {
    release: [Number(match[1]), Number(match[2]), Number(match[3])],
    preRelease: match[4]?.split(".") ?? [],
  }
}

export function compareSemver(a: Semver, b: Semver): number {
  for (const [index, part] of a.release.entries()) {
    if (part !== b.release[index]) return part - b.release[index]!
  }
  if (a.preRelease.length === 0 || b.preRelease.length === 0) return b.preRelease.length - a.preRelease.length
  for (const [index, part] of a.preRelease.entries()) {
    const other = b.preRelease[index]
    if (other === undefined) return 1
    const order = compareIdentifiers(part, other)
    if (order !== 0) return order
  }
  return a.preRelease.length - b.preRelease.length
}

/** Numbers come before words. */
function compareIdentifiers(a: string, b: string): number {
  const [numberA, numberB] = [Number(a), Number(b)]
  const [isA, isB] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)]
  if (isA && isB) return numberA - numberB
  if (isA !== isB) return isA ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
