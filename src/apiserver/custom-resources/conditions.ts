import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from "../../api/apiextensions/v1/custom-resource-definition.ts"

/** Deleting a definition takes its objects along first. */
export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io"

export type ConditionType =
  | "Established"
  | "NamesAccepted"
  | "NonStructuralSchema"
  | "Terminating"
  | "KubernetesAPIApprovalPolicyConformant"

/** A condition without its moment. */
export interface Verdict {
  readonly type: ConditionType
  readonly status: "True" | "False" | "Unknown"
  readonly reason: string
  readonly message: string
}

export function findCondition(
  { status }: CustomResourceDefinition,
  type: ConditionType,
): CustomResourceDefinitionCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type)
}

export function isTrue(definition: CustomResourceDefinition, type: ConditionType): boolean {
  return findCondition(definition, type)?.status === "True"
}

/** The conditions with `verdict` among them; the time changes with the status only. */
export function withCondition(
  conditions: readonly CustomResourceDefinitionCondition[],
  verdict: Verdict,
  now: string,
): CustomResourceDefinitionCondition[] {
  const old = conditions.find(({ type }) => type === verdict.type)
  const lastTransitionTime = old?.status === verdict.status ? (old.lastTransitionTime ?? now) : now
  const next = { ...verdict, lastTransitionTime }
  return old ? conditions.map((each) => (each === old ? next : each)) : [...conditions, next]
}
