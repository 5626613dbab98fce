import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { parseGroupVersion } from "../../../apimachinery/meta.ts"
import { pathSegmentProblems } from "../../../apimachinery/names.ts"
import { type Errors, problems } from "../../validation/checks.ts"
import type { CrossVersionObjectReference } from "../v2/horizontal-pod-autoscaler.ts"

export type VersionRule = "any version" | { readonly needsGroup: boolean }

export function* validateReference(
  { kind, name, apiVersion = "" }: CrossVersionObjectReference,
  version: VersionRule,
  at: FieldPath,
): Errors {
  if (kind) yield* problems(kind, at.child("kind"), pathSegmentProblems(kind))
  else yield requiredValue(at.child("kind"))
  if (name) yield* problems(name, at.child("name"), pathSegmentProblems(name))
  else yield requiredValue(at.child("name"))
  if (version === "any version") return
  const problem = versionProblem(apiVersion, version.needsGroup)
  if (problem) yield invalidValue(at.child("apiVersion"), apiVersion, problem)
}

function versionProblem(apiVersion: string, needsGroup: boolean): string | undefined {
  if (apiVersion.split("/").length > 2) return `unexpected GroupVersion string: ${apiVersion}`
  const isGroupless = apiVersion === "" || parseGroupVersion(apiVersion).group === ""
  return needsGroup && isGroupless ? "apiVersion must specify API group" : undefined
}
