import { quote } from "../../base/quote.ts"
import type { StatusError } from "../status-error.ts"
import { applyConflict } from "../status-errors.ts"
import { type FieldSet, listPaths } from "./field-set.ts"
import { type Manager, managerKey } from "./managers.ts"
import { formatPath } from "./path-element.ts"

/** Fields of another manager that an apply would change. */
export interface Conflict {
  readonly manager: Manager
  readonly fields: FieldSet
}

/** The refusal of an apply, in the words that kubectl explains to its users. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const byManager = [...conflicts]
    .sort((a, b) => (managerKey(a.manager) < managerKey(b.manager) ? -1 : 1))
    .map(({ manager, fields }) => ({
      manager: managerText(manager),
      paths: listPaths(fields).map(formatPath),
    }))
  const causes = byManager.flatMap(({ manager, paths }) =>
    paths.map((field) => ({ reason: "FieldManagerConflict", message: `conflict with ${manager}`, field })),
  )
  const first = causes[0]!
  if (causes.length === 1) {
    return applyConflict(`Apply failed with 1 conflict: ${first.message}: ${first.field}`, causes)
  }
  const lines = byManager.flatMap(({ manager, paths }) => [
    `conflicts with ${manager}:`,
    ...paths.map((path) => `- ${path}`),
  ])
  return applyConflict(`Apply failed with ${causes.length} conflicts: ${lines.join("\n")}`, causes)
}

function managerText({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = subresource ? `${quote(manager)} with subresource ${quote(subresource)}` : quote(manager)
  return operation === "Update" ? `${name} using ${apiVersion}` : name
}
