import type { LabelSelector } from "../../meta/v1/label-selector.ts"
import type { ParamKind, ParamRef } from "./admission-policy.ts"

export function formatParamKind(paramKind: ParamKind | undefined): string {
  return paramKind ? `${paramKind.apiVersion ?? ""}/${paramKind.kind ?? ""}` : "<unset>"
}

/** Whether parameters have a namespace cannot be seen here, so those without one are shown with "*". */
export function formatParamRef(paramRef: ParamRef | undefined): string {
  if (paramRef?.name) return `${paramRef.namespace || "*"}/${paramRef.name}`
  return paramRef?.selector ? formatAsGo(paramRef.selector) : "<unset>"
}

/** Upstream prints the Go value here. */
function formatAsGo({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}: ${value},`)
  const expressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  )
  return `&LabelSelector{MatchLabels:map[string]string{${labels.sort().join("")}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join("")}},}`
}
