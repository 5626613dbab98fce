import type {
  CustomResourceDefinition,
  CustomResourceDefinitionStatus,
} from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { caBundleProblem } from "../../api/apiextensions/validation/conversion.ts"
import { structuralErrors } from "../../api/apiextensions/validation/structural-errors.ts"
import { formatFieldErrors } from "../../apimachinery/field-error.ts"
import { approvalVerdict } from "./approval.ts"
import { findCondition, type Verdict, withCondition } from "./conditions.ts"
import { planNames } from "./plan-names.ts"

/** What is to be said of a definition that is not being deleted; a pure function of it and the others of its group. */
export function planStatus(
  definition: CustomResourceDefinition,
  group: readonly CustomResourceDefinition[],
  now: string,
): CustomResourceDefinitionStatus {
  const { acceptedNames, verdict: names } = planNames(definition, group)
  const verdicts = [
    names,
    establishedVerdict(definition, names),
    approvalVerdict(definition),
    structuralVerdict(definition),
  ]
  let conditions = (definition.status.conditions ?? []).filter(({ type }) => type !== "NonStructuralSchema")
  for (const verdict of verdicts) if (verdict) conditions = withCondition(conditions, verdict, now)
  return { ...definition.status, acceptedNames, conditions }
}

/** Once established, always established: names that are refused later leave the old ones in place. */
function establishedVerdict(definition: CustomResourceDefinition, names: Verdict): Verdict | undefined {
  const old = findCondition(definition, "Established")
  if (old?.status === "True") return undefined
  const type = "Established"
  if (names.status !== "True") {
    return old
      ? undefined
      : { type, status: "False", reason: "NotAccepted", message: "not all names are accepted" }
  }
  if (caBundleProblem(definition.spec.conversion?.webhook?.clientConfig?.caBundle) !== undefined) {
    const message = "The conversion webhook CABundle is invalid"
    return { type, status: "False", reason: "InvalidCABundle", message }
  }
  const message = "the initial names have been accepted"
  return { type, status: "True", reason: "InitialNamesAccepted", message }
}

/** Only definitions from before structural schemas were demanded have anything to say here. */
function structuralVerdict({ spec }: CustomResourceDefinition): Verdict | undefined {
  const errors = structuralErrors(spec)
  if (errors.length === 0) return undefined
  const message = formatFieldErrors(errors)
  return { type: "NonStructuralSchema", status: "True", reason: "Violations", message }
}
