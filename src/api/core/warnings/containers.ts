import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { parseQuantity } from "../../../apimachinery/quantity.ts"
import { quote } from "../../../base/quote.ts"
import type { EnvVar } from "../v1/env-var.ts"
import type { PodSpec } from "../v1/pod.ts"
import type { ResourceList } from "../v1/resource-requirements.ts"
import type { ContainerAt } from "../validation/containers-of.ts"

interface PodAround {
  readonly annotations: Readonly<Record<string, string>>
  readonly annotationsPath: FieldPath
  readonly spec: PodSpec
  readonly isTemplate: boolean
}

const seccompPrefix = "container.seccomp.security.alpha.kubernetes.io/"
const appArmorPrefix = "container.apparmor.security.beta.kubernetes.io/"

export function* containerWarnings({ container, path }: ContainerAt, pod: PodAround): Iterable<string> {
  const { annotations, annotationsPath } = pod
  const seccomp = seccompPrefix + container.name
  if (!container.securityContext?.seccompProfile && annotations[seccomp] !== undefined) {
    yield `${annotationsPath.key(seccomp)}: non-functional in v1.27+; use the "seccompProfile" field instead`
  }
  const appArmor = appArmorPrefix + container.name
  const isLoose = pod.isTemplate && !container.securityContext?.appArmorProfile
  if (isLoose && annotations[appArmor] !== undefined && !saysTheSame(annotations[appArmor], pod.spec)) {
    yield `${annotationsPath.key(appArmor)}: deprecated since v1.30; use the "appArmorProfile" field instead`
  }
  const { limits, requests } = container.resources ?? {}
  yield* fractional("memory", limits, path.child("resources", "limits"))
  yield* fractional("memory", requests, path.child("resources", "requests"))
  yield* fractional("ephemeral-storage", limits, path.child("resources", "limits"))
  yield* fractional("ephemeral-storage", requests, path.child("resources", "requests"))
  yield* hiddenVariables(container.env ?? [], path.child("env"))
}

/** The annotation and the pod's own profile. */
function saysTheSame(annotation: string, { securityContext }: PodSpec): boolean {
  const profile = securityContext?.appArmorProfile
  if (!profile) return false
  if (profile.type === "Localhost") return annotation === `localhost/${profile.localhostProfile ?? ""}`
  return annotation === (profile.type === "RuntimeDefault" ? "runtime/default" : "unconfined")
}

export function* fractionalBytes(amounts: ResourceList | undefined, path: FieldPath): Iterable<string> {
  for (const name of ["memory", "ephemeral-storage"]) yield* fractional(name, amounts, path)
}

function* fractional(name: string, amounts: ResourceList | undefined, path: FieldPath): Iterable<string> {
  const amount = amounts?.[name]
  if (amount === undefined) return
  const { nanos, text } = parseQuantity(amount)
  if (nanos % 1_000_000_000n === 0n) return
  yield `${path.key(name)}: fractional byte value ${quote(text)} is invalid, must be an integer`
}

/** X="abc", X="$(X)123" builds on what was before; anything else hides it. */
function* hiddenVariables(env: readonly EnvVar[], path: FieldPath): Iterable<string> {
  for (const [index, { name, value = "", valueFrom }] of env.entries()) {
    if (!env.slice(0, index).some((before) => before.name === name)) continue
    const reference = `$(${name})`
    if (!valueFrom && value !== reference && value.includes(reference)) continue
    yield `${path.index(index)}: hides previous definition of ${quote(name)}, which may be dropped when using apply`
  }
}
