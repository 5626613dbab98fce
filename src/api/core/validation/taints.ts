import { forbiddenValue, invalidValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { labelValueProblems } from "../../../apimachinery/names.ts"
import { type Errors, oneOfIfSet, qualifiedName } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { Toleration } from "../v1/toleration.ts"

export const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]

export function* validateTolerations(tolerations: readonly Toleration[], path: FieldPath): Errors {
  for (const [index, toleration] of tolerations.entries()) {
    const at = path.index(index)
    const { key = "", operator = "", effect = "", tolerationSeconds } = toleration
    if (key) yield* qualifiedName(key, at.child("key"))
    if (!key && operator !== "Exists") {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"'
      yield invalidValue(at.child("operator"), operator, detail)
    }
    if (tolerationSeconds !== undefined && effect !== "NoExecute") {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set"
      yield invalidValue(at.child("effect"), effect, detail)
    }
    yield* operatorAndValue(toleration, at.child("operator"))
    if (effect) yield* oneOfIfSet(effect, at.child("effect"), taintEffects)
  }
}

/** Upstream keeps the other two for comparing numbers, which is not switched on. */
const operators: Readonly<Record<string, readonly string[]>> = {
  Lt: ["Equal", "Exists", "Lt", "Gt"],
  Gt: ["Equal", "Exists", "Lt", "Gt"],
}

function* operatorAndValue(toleration: Toleration, path: FieldPath): Errors {
  const { value = "" } = toleration
  const operator: string = toleration.operator ?? ""
  if (operator === "Equal" || operator === "") {
    const texts = labelValueProblems(value)
    if (texts.length > 0) yield invalidValue(path, value, texts.join(";"))
  } else if (operator === "Exists") {
    if (value) yield invalidValue(path, value, "value must be empty when `operator` is 'Exists'")
  } else yield unsupportedValue(path, operator, operators[operator] ?? ["Equal", "Exists"])
}

/** A pod may come to tolerate more, or for another while. */
export function* validateAddedTolerations(
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
  path: FieldPath,
): Errors {
  const isKept = (before: Toleration) =>
    tolerations.some((now) =>
      semanticEqual({ ...now, tolerationSeconds: 0 }, { ...before, tolerationSeconds: 0 }),
    )
  if (old.every(isKept)) yield* validateTolerations(tolerations, path)
  else yield forbiddenValue(path, "existing toleration can not be modified except its tolerationSeconds")
}
