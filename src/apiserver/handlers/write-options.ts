import {
  type FieldError,
  forbiddenValue,
  invalid,
  requiredValue,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import { fieldPath } from "../../apimachinery/field-path.ts"
import { validateFieldManager } from "../../apimachinery/validate-object-meta.ts"
import { LeastRecentlyUsed } from "../../client/least-recently-used.ts"
import { isTrue } from "../request-info.ts"

export type FieldValidation = "Ignore" | "Warn" | "Strict"

/** The query of a create, update or patch, checked. */
export interface WriteOptions {
  readonly dryRun: boolean
  readonly fieldManager: string
  readonly fieldValidation: FieldValidation
  /** Take fields over from other managers; server-side apply only. */
  readonly force: boolean
  /** It is a server-side apply. */
  readonly isApply: boolean
}

type Kind = "CreateOptions" | "UpdateOptions" | "PatchOptions"

/** Throws StatusError with upstream's texts. */
export function parseWriteOptions(query: URLSearchParams, kind: Kind, isApply = false): WriteOptions {
  const dryRun = query.getAll("dryRun")
  const fieldManager = query.get("fieldManager") ?? ""
  const validation = query.get("fieldValidation") ?? ""
  const force = query.get("force")
  const errors: FieldError[] = []
  if (kind === "PatchOptions" && !isApply && force !== null) {
    errors.push(forbiddenValue("force", "may not be specified for non-apply patch"))
  }
  if (isApply && fieldManager === "") {
    errors.push(requiredValue("fieldManager", "is required for apply patch"))
  }
  errors.push(
    ...validateFieldManager(fieldManager, fieldPath("fieldManager")),
    ...validateDryRun(dryRun),
    ...validateFieldValidation(validation),
  )
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind }, "", errors)
  return {
    dryRun: dryRun.length > 0,
    fieldManager,
    fieldValidation: (validation || "Warn") as FieldValidation,
    force: isTrue(force),
    isApply,
  }
}

export function validateDryRun(values: readonly string[]): FieldError[] {
  return values.every((value) => value === "All") ? [] : [unsupportedValue("dryRun", values, ["All"])]
}

function validateFieldValidation(value: string): FieldError[] {
  const allowed = ["", "Ignore", "Strict", "Warn"]
  return allowed.includes(value) ? [] : [unsupportedValue("fieldValidation", value, allowed)]
}

/** How a request names itself in managed fields when it does not say: the user agent's program. */
export function managerOf(options: Pick<WriteOptions, "fieldManager">, userAgent: string): string {
  if (options.fieldManager !== "") return options.fieldManager
  let program = programs.get(userAgent)
  if (program === undefined) programs.set(userAgent, (program = programOf(userAgent)))
  return program
}

// The same few clients come again and again.
const programs = new LeastRecentlyUsed<string>(1000)

/** Up to 128 bytes of printable characters, as the validation of the option demands. */
function programOf(userAgent: string): string {
  return Array.from(userAgent.split("/")[0] ?? "")
    .filter((character) => /[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character))
    .join("")
    .slice(0, 128)
}
