import { type FieldError, invalidValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"

/** How much a pod may ask for, from anything to almost nothing. */
export const levels = ["privileged", "baseline", "restricted"] as const
export type Level = (typeof levels)[number]

/** A level as it was in one version of Kubernetes: minor 34 for v1.34, Infinity for "latest". */
export interface Standard {
  readonly level: Level
  readonly minor: number
}

/** What is refused, what is noted in the audit log, and what the client is warned about. */
export interface Policy {
  readonly enforce: Standard
  readonly audit: Standard
  readonly warn: Standard
}

const latest = Number.POSITIVE_INFINITY
const anything: Standard = { level: "privileged", minor: latest }
export const openPolicy: Policy = { enforce: anything, audit: anything, warn: anything }

const prefix = "pod-security.kubernetes.io/"
type Labels = Readonly<Record<string, string>> | undefined

/**
 * The policy that a namespace's labels ask for. What cannot be read enforces all there is, and audits and warns about
 * nothing. Errors are of the labels' fields.
 */
export function readPolicy(
  labels: Labels,
  defaults: Policy = openPolicy,
): { readonly policy: Policy; readonly errors: readonly FieldError[] } {
  const errors: FieldError[] = []
  const read = (mode: keyof Policy): Standard => ({
    level: readLevel(labels, mode, defaults[mode].level, errors),
    minor: readVersion(labels, mode, defaults[mode].minor, errors),
  })
  const enforce = read("enforce")
  const audit = read("audit")
  const warn = read("warn")
  return { policy: { enforce, audit, warn: warnAsEnforced(labels, enforce, warn) }, errors }
}

/** Who enforces and says nothing about warnings is warned about as much: of workloads, which are not enforced. */
function warnAsEnforced(labels: Labels, enforce: Standard, warn: Standard): Standard {
  const asked = labels?.[`${prefix}enforce`]
  const isReadable = levels.some((level) => level === asked)
  if (!isReadable || labels?.[`${prefix}warn`] !== undefined || isAtMost(enforce.level, warn.level))
    return warn
  return {
    level: enforce.level,
    minor: labels?.[`${prefix}warn-version`] === undefined ? enforce.minor : warn.minor,
  }
}

export function isAtMost(a: Level, b: Level): boolean {
  return levels.indexOf(a) <= levels.indexOf(b)
}

const labelsPath = fieldPath("metadata", "labels")

function readLevel(labels: Labels, mode: keyof Policy, fallback: Level, errors: FieldError[]): Level {
  const label = prefix + mode
  const value = labels?.[label]
  if (value === undefined) return fallback
  const level = levels.find((each) => each === value)
  if (level) return level
  errors.push(invalidValue(labelsPath.key(label), value, `must be one of ${levels.join(", ")}`))
  return mode === "enforce" ? "restricted" : "privileged"
}

function readVersion(labels: Labels, mode: keyof Policy, fallback: number, errors: FieldError[]): number {
  const label = `${prefix}${mode}-version`
  const value = labels?.[label]
  if (value === undefined) return fallback
  if (value === "latest") return latest
  const minor = /^v1\.(0|[1-9][0-9]*)$/.exec(value)?.[1]
  if (minor !== undefined) return Number(minor)
  errors.push(invalidValue(labelsPath.key(label), value, 'must be "latest" or "v1.x"'))
  return latest
}

/** "baseline:v1.34", "restricted:latest" */
export function formatStandard({ level, minor }: Standard): string {
  return `${level}:${minor === latest ? "latest" : `v1.${minor}`}`
}

export function isFullyPrivileged(policy: Policy): boolean {
  return Object.values(policy).every(({ level }: Standard) => level === "privileged")
}

/** What an exempt namespace asks for in vain: "enforce=baseline:latest, warn=restricted:v1.30". */
export function describeLabels(labels: Labels, policy: Policy): string {
  return (["enforce", "audit", "warn"] as const)
    .filter((mode) => policy[mode].level !== "privileged")
    .filter((mode) => [mode, `${mode}-version`].some((each) => labels?.[prefix + each] !== undefined))
    .map((mode) => `${mode}=${formatStandard(policy[mode])}`)
    .join(", ")
}
