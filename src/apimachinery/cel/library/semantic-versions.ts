import { CelError, type CelOpaque, type CelResult, isError } from "../values/value.ts"
import { overload } from "./function.ts"

/** https://semver.org; what is behind "+" does not count when versions are compared. */
class CelSemver implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName = "kubernetes.Semver"
  readonly numbers: readonly bigint[]
  readonly prerelease: readonly string[]

  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    this.numbers = numbers
    this.prerelease = prerelease
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelSemver && compare(this, other) === 0
  }
}

export const semverFunctions = [
  overload("string_to_semver", "semver(string): kubernetes.Semver", (text: string) => parse(text)),
  overload(
    "string_bool_to_semver",
    "semver(string, bool): kubernetes.Semver",
    (text: string, normalizes: boolean) => parse(normalizes ? normalize(text) : text),
  ),
  overload("is_semver_string", "isSemver(string): bool", (text: string) => !isError(parse(text))),
  overload(
    "is_semver_string_bool",
    "isSemver(string, bool): bool",
    (text: string, normalizes: boolean) => !isError(parse(normalizes ? normalize(text) : text)),
  ),
  comparison("semver_is_greater_than", "isGreaterThan(kubernetes.Semver): bool", (order) => order > 0),
  comparison("semver_is_less_than", "isLessThan(kubernetes.Semver): bool", (order) => order < 0),
  comparison("semver_compare_to", "compareTo(kubernetes.Semver): int", (order) => BigInt(order)),
  part("major", 0),
  part("minor", 1),
  part("patch", 2),
]

function comparison(id: string, rest: string, resultOf: (order: number) => CelResult) {
  return overload(id, `kubernetes.Semver.${rest}`, (a: CelSemver, b: CelSemver) => resultOf(compare(a, b)))
}

function part(name: string, index: number) {
  return overload(
    `semver_${name}`,
    `kubernetes.Semver.${name}(): int`,
    ({ numbers }: CelSemver) => numbers[index] ?? 0n,
  )
}

const maxPart = 2n ** 64n - 1n

function parse(text: string): CelResult {
  if (text === "") return new CelError("Version string empty")
  const [core = "", ...rest] = text.split(".")
  const parts = [core, rest[0], rest.slice(1).join(".")]
  if (rest.length < 2) return new CelError("No Major.Minor.Patch elements found")
  const [, patch = "", prerelease, build] = /^([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(parts[2] ?? "") ?? []
  const numbers: bigint[] = []
  for (const [index, number] of [core, rest[0] ?? "", patch].entries()) {
    const problem = numberProblem(number, ["major", "minor", "patch"][index] ?? "")
    if (problem) return problem
    numbers.push(BigInt(number))
  }
  const identifiers = prerelease === undefined ? [] : prerelease.split(".")
  for (const identifier of identifiers) {
    const problem = prereleaseProblem(identifier)
    if (problem) return problem
  }
  for (const each of build === undefined ? [] : build.split(".")) {
    if (each === "") return new CelError("Build meta data is empty")
    if (!/^[0-9A-Za-z-]+$/.test(each))
      return new CelError(`Invalid character(s) found in build meta data "${each}"`)
  }
  return new CelSemver(numbers, identifiers)
}

function numberProblem(text: string, name: string): CelError | undefined {
  if (!/^[0-9]+$/.test(text)) return new CelError(`Invalid character(s) found in ${name} number "${text}"`)
  if (text.length > 1 && text.startsWith("0")) {
    const title = `${name[0]?.toUpperCase()}${name.slice(1)}`
    return new CelError(`${title} number must not contain leading zeroes "${text}"`)
  }
  if (BigInt(text) <= maxPart) return undefined
  return new CelError(`strconv.ParseUint: parsing "${text}": value out of range`)
}

function prereleaseProblem(text: string): CelError | undefined {
  if (text === "") return new CelError("Prerelease is empty")
  if (/^[0-9]+$/.test(text)) {
    const isPadded = text.length > 1 && text.startsWith("0")
    return isPadded
      ? new CelError(`Numeric PreRelease version must not contain leading zeroes "${text}"`)
      : undefined
  }
  return /^[0-9A-Za-z-]+$/.test(text)
    ? undefined
    : new CelError(`Invalid character(s) found in prerelease "${text}"`)
}

// "v1.02" is 1.2.0: leading zeros go, what is missing is zero.
function normalize(text: string): string {
  const match = /^v?([0-9.]*)(.*)$/s.exec(text)
  const numbers = (match?.[1] ?? "").split(".")
  if (numbers.length > 3) return text.replace(/^v/, "")
  const padded = [...numbers, "0", "0"].slice(0, 3)
  return `${padded.map((number) => number.replace(/^0+(?=[0-9])/, "")).join(".")}${match?.[2] ?? ""}`
}

function compare(a: CelSemver, b: CelSemver): number {
  for (const index of [0, 1, 2]) {
    const [left = 0n, right = 0n] = [a.numbers[index], b.numbers[index]]
    if (left !== right) return left < right ? -1 : 1
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Math.sign(b.prerelease.length - a.prerelease.length)
  }
  const length = Math.min(a.prerelease.length, b.prerelease.length)
  for (let index = 0; index < length; index++) {
    const order = compareIdentifiers(a.prerelease[index] ?? "", b.prerelease[index] ?? "")
    if (order !== 0) return order
  }
  return Math.sign(a.prerelease.length - b.prerelease.length)
}

// Numbers come before words.
function compareIdentifiers(a: string, b: string): number {
  const [aIsNumber, bIsNumber] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)]
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1
  if (aIsNumber) return BigInt(a) < BigInt(b) ? -1 : BigInt(a) > BigInt(b) ? 1 : 0
  return a < b ? -1 : a > b ? 1 : 0
}
