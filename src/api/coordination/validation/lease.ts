import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, immutable, qualifiedName } from "../../validation/checks.ts"
import { compareSemver, parseSemver, zeroVersion } from "../../../apimachinery/semver.ts"
import type { Lease } from "../v1/lease.ts"
import type { LeaseCandidate } from "../v1beta1/lease-candidate.ts"

const path = fieldPath("spec")
const ownStrategy = "OldestEmulationVersion"

export function* validateLease({ spec }: Lease): Errors {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions, strategy, preferredHolder } = spec
  if (duration !== undefined && duration <= 0) {
    yield invalidValue(path.child("leaseDurationSeconds"), duration, "must be greater than 0")
  }
  if (transitions !== undefined && transitions < 0) {
    yield invalidValue(path.child("leaseTransitions"), transitions, "must be greater than or equal to 0")
  }
  if (strategy !== undefined) yield* validateStrategy(strategy, path.child("strategy"))
  if (preferredHolder && !strategy) {
    yield forbiddenValue(path.child("preferredHolder"), "may only be specified if `strategy` is defined")
  }
}

function* validateStrategy(strategy: string, at: FieldPath): Errors {
  const inner = at.child("strategy")
  if (strategy.includes("/")) yield* qualifiedName(strategy, inner)
  else if (strategy !== ownStrategy) yield unsupportedValue(inner, strategy, [ownStrategy])
}

/** Who stands for election as the leader of a component, with the version that it has. */
export function* validateLeaseCandidate({ spec }: LeaseCandidate): Errors {
  const { leaseName, binaryVersion, emulationVersion, strategy } = spec
  if (!leaseName) yield requiredValue(path.child("leaseName"))
  const [binary, emulated] = [parseSemver(binaryVersion), parseSemver(emulationVersion ?? "")]
  if (emulationVersion && !emulated) yield notSemver("emulationVersion", emulationVersion)
  if (!binaryVersion) yield requiredValue(path.child("binaryVersion"))
  else if (!binary) yield notSemver("binaryVersion", binaryVersion)
  // What cannot be read counts as the least.
  if (binaryVersion && emulated && compareSemver(binary ?? zeroVersion, emulated) < 0) {
    const detail = "must be greater than or equal to `emulationVersion`"
    yield invalidValue(path.child("binaryVersion"), binaryVersion, detail)
  }
  if (!strategy) {
    yield requiredValue(path.child("strategy"))
    return
  }
  if (strategy === ownStrategy && !emulated) {
    const detail = "must be specified when `strategy` is 'OldestEmulationVersion'"
    yield requiredValue(path.child("emulationVersion"), detail)
  }
  yield* validateStrategy(strategy, path.child("strategy"))
}

function notSemver(name: string, value: string) {
  return invalidValue(path.child(name), value, "must be a valid semantic version")
}

export function* validateLeaseCandidateUpdate(candidate: LeaseCandidate, old: LeaseCandidate): Errors {
  yield* validateLeaseCandidate(candidate)
  yield* immutable(candidate.spec.leaseName, old.spec.leaseName, path.child("leaseName"))
}
