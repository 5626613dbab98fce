import { invalidValue, requiredValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { dnsSubdomain, type Errors, oneOf } from "../../validation/checks.ts"
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicySpec,
  Mutation,
} from "../v1/mutating-admission-policy.ts"
import type { MutatingAdmissionPolicyBinding } from "../v1/mutating-admission-policy-binding.ts"
import type { ExpressionCheck } from "./expressions.ts"
import { validateMatchResources, validateParamRef } from "./matching.ts"
import {
  validateConditions,
  validateConstraints,
  validateFailurePolicy,
  validateVariables,
} from "./policies.ts"
import { notOnDelete } from "./rules.ts"

const path = fieldPath("spec")

/** @param old the state before, for an update */
export function* validateMutatingPolicy(
  { spec }: MutatingAdmissionPolicy,
  old: MutatingAdmissionPolicy | undefined,
  check: ExpressionCheck,
): Errors {
  yield* validateFailurePolicy(spec)
  yield* validateConstraints(spec)
  yield* notOnDelete(spec.matchConstraints?.resourceRules, path.child("matchConstraints"))
  yield* validateConditions(spec, old?.spec, check)
  yield* validateVariables(spec, check)
  const mutations = spec.mutations ?? []
  if (mutations.length === 0) {
    yield requiredValue(path.child("mutations"), "mutations must contain at least one item")
  }
  for (const [index, mutation] of mutations.entries()) {
    yield* validateMutation(mutation, path.child("mutations").index(index), spec, old?.spec, check)
  }
  yield* oneOf(spec.reinvocationPolicy, path.child("reinvocationPolicy"), ["IfNeeded", "Never"])
}

const fieldOf = { JSONPatch: "jsonPatch", ApplyConfiguration: "applyConfiguration" } as const

/** The field of its type is set, and no other. */
function* validateMutation(
  mutation: Mutation,
  at: FieldPath,
  { paramKind, variables = [] }: MutatingAdmissionPolicySpec,
  old: MutatingAdmissionPolicySpec | undefined,
  check: ExpressionCheck,
): Errors {
  const { patchType } = mutation
  if (!patchType) {
    yield requiredValue(at.child("patchType"))
    return
  }
  if (!(patchType in fieldOf)) {
    yield unsupportedValue(at.child("patchType"), patchType, ["ApplyConfiguration", "JSONPatch"])
    return
  }
  const own = fieldOf[patchType]
  const other = patchType === "JSONPatch" ? "applyConfiguration" : "jsonPatch"
  const expression = mutation[own]?.expression ?? ""
  if (!mutation[own]) yield requiredValue(at.child(own), `must be specified when patchType is ${patchType}`)
  else if (!expression.trim()) yield requiredValue(at.child(own, "expression"))
  else {
    const isStored = old?.mutations?.some((each) => each[own]?.expression === expression) ?? false
    const place = { use: own, hasParams: !!paramKind, variables, isStored }
    yield* check(expression.trim(), at.child(own, "expression"), place)
  }
  if (mutation[other]) {
    yield invalidValue(at.child(other), `{${other}}`, `must not be specified when patchType is ${patchType}`)
  }
}

export function* validateMutatingPolicyBinding({ spec }: MutatingAdmissionPolicyBinding): Errors {
  if (spec.policyName) yield* dnsSubdomain(spec.policyName, path.child("policyName"))
  else yield requiredValue(path.child("policyName"))
  yield* validateParamRef(spec.paramRef, path.child("paramRef"))
  yield* validateMatchResources(spec.matchResources, path.child("matchResources"))
  yield* notOnDelete(spec.matchResources?.resourceRules, path.child("matchResources"))
}
