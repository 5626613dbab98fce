import { printLabelSelector } from "../../meta/v1/print-label-selector.ts"
import type { ParamKind, ParamRef } from "./admission-policy.ts"

export function formatParamKind(paramKind: ParamKind | undefined): string {
  return paramKind ? `${paramKind.apiVersion ?? ""}/${paramKind.kind ?? ""}` : "<unset>"
}

/** Whether parameters have a namespace cannot be seen here, so those without one are shown with "*". */
export function formatParamRef(paramRef: ParamRef | undefined): string {
  if (paramRef?.name) return `${paramRef.namespace || "*"}/${paramRef.name}`
  return paramRef?.selector ? printLabelSelector(paramRef.selector) : "<unset>"
}
