import { compareSemver, parseSemver, type Semver } from "../../semver.ts"
import { CelError, type CelOpaque, type CelResult, isError } from "../values/value.ts"
import { overload } from "./function.ts"

/** What is behind "+" does not count when versions are compared. */
class CelSemver implements CelOpaque {
  readonly kind = "opaque"
  readonly typeName = "kubernetes.Semver"
  readonly version: Semver

  constructor(version: Semver) {
    this.version = version
  }

  equals(other: CelOpaque): boolean {
    return other instanceof CelSemver && compareSemver(this.version, other.version) === 0
  }
}

export const semverFunctions = [
  overload("string_to_semver", "semver(string): kubernetes.Semver", (text: string) => parse(text)),
  overload(
    "string_bool_to_semver",
    "semver(string, bool): kubernetes.Semver",
    (text: string, normalizes: boolean) => (normalizes ? parseNormalized(text) : parse(text)),
  ),
  overload("is_semver_string", "isSemver(string): bool", (text: string) => !isError(parse(text))),
  overload(
    "is_semver_string_bool",
    "isSemver(string, bool): bool",
    (text: string, normalizes: boolean) => !isError(normalizes ? parseNormalized(text) : parse(text)),
  ),
  comparison("semver_is_greater_than", "isGreaterThan(kubernetes.Semver): bool", (order) => order > 0),
  comparison("semver_is_less_than", "isLessThan(kubernetes.Semver): bool", (order) => order < 0),
  comparison("semver_compare_to", "compareTo(kubernetes.Semver): int", (order) => BigInt(order)),
  part("major", 0),
  part("minor", 1),
  part("patch", 2),
]

function comparison(id: string, rest: string, resultOf: (order: number) => CelResult) {
  return overload(id, `kubernetes.Semver.${rest}`, (a: CelSemver, b: CelSemver) =>
    resultOf(Math.sign(compareSemver(a.version, b.version))),
  )
}

function part(name: string, index: 0 | 1 | 2) {
  return overload(`semver_${name}`, `kubernetes.Semver.${name}(): int`, ({ version }: CelSemver) =>
    BigInt(version.release[index]),
  )
}

function parse(text: string): CelResult {
  const version = parseSemver(text)
  return version ? new CelSemver(version) : (findProblem(text) ?? new CelError("Invalid version"))
}

// What is wrong with a text that is no version, in the words of upstream's parser.
function findProblem(text: string): CelError | undefined {
  if (text === "") return new CelError("Version string empty")
  const [major = "", minor, ...rest] = text.split(".")
  if (minor === undefined || rest.length === 0) return new CelError("No Major.Minor.Patch elements found")
  const [, patch = "", preRelease, build] = /^([^-+]*)(?:-([^+]*))?(?:\+(.*))?$/s.exec(rest.join(".")) ?? []
  return (
    numberProblem(major, "Major") ??
    numberProblem(minor, "Minor") ??
    numberProblem(patch, "Patch") ??
    firstProblem(preRelease, preReleaseProblem) ??
    firstProblem(build, buildProblem)
  )
}

function firstProblem(
  identifiers: string | undefined,
  problemOf: (identifier: string) => CelError | undefined,
): CelError | undefined {
  return identifiers
    ?.split(".")
    .map(problemOf)
    .find((problem) => problem !== undefined)
}

function buildProblem(text: string): CelError | undefined {
  if (text === "") return new CelError("Build meta data is empty")
  if (/^[0-9A-Za-z-]+$/.test(text)) return undefined
  return new CelError(`Invalid character(s) found in build meta data "${text}"`)
}

function numberProblem(text: string, name: string): CelError | undefined {
  if (!/^[0-9]+$/.test(text)) {
    return new CelError(`Invalid character(s) found in ${name.toLowerCase()} number "${text}"`)
  }
  if (text.length === 1 || !text.startsWith("0")) return undefined
  return new CelError(`${name} number must not contain leading zeroes "${text}"`)
}

function preReleaseProblem(text: string): CelError | undefined {
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
function parseNormalized(text: string): CelResult {
  const [major = "", minor, ...rest] = text.replace(/^v/, "").split(".")
  const parts = [major, ...(minor === undefined ? [] : [minor]), ...(rest.length > 0 ? [rest.join(".")] : [])]
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? "")) {
    return new CelError("short version cannot contain PreRelease/Build meta data")
  }
  const padded = [...parts, "0", "0"].slice(0, 3)
  return parse(padded.map((part) => part.replace(/^0+(?=[0-9])/, "")).join("."))
}
