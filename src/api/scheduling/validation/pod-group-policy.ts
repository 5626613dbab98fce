import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { PodGroupSchedulingPolicy } from "../v1alpha2/pod-group-policy.ts"

/** One way of scheduling, and a gang has members. */
export function* validateSchedulingPolicy(policy: PodGroupSchedulingPolicy, path: FieldPath): Errors {
  yield* exactlyOneOf({ basic: policy.basic, gang: policy.gang }, path)
  const { gang } = policy
  if (!gang) return
  const { minCount } = gang
  const at = path.child("gang", "minCount")
  if (minCount === 0) yield requiredValue(at)
  else if (minCount < 1) yield invalidValue(at, minCount, "must be greater than or equal to 1")
}

/** A union: of these members one is there, and no other. */
export function* exactlyOneOf(members: Readonly<Record<string, unknown>>, path: FieldPath): Errors {
  const all = Object.keys(members)
  const given = all.filter((name) => members[name] !== undefined)
  const names = all.map((name) => `\`${name}\``).join(", ")
  if (given.length === 0) yield invalidValue(path, "", `must specify one of: ${names}`)
  if (given.length > 1)
    yield invalidValue(path, `{${given.join(", ")}}`, `must specify exactly one of: ${names}`)
}

/** What may not change is not shown, whatever it was. */
export function* unchanged(value: unknown, old: unknown, path: FieldPath): Errors {
  if (!semanticEqual(value, old)) yield invalidValue(path, null, "field is immutable")
}
