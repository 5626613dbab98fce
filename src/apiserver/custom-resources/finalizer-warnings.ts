import type { KubeObject } from "../../apimachinery/meta.ts"
import { qualifiedNameProblems } from "../../apimachinery/names.ts"
import { quote } from "../../base/quote.ts"

const standard = new Set(["orphan", "foregroundDeletion", "kubernetes"])
const field = "metadata.finalizers"

/** Finalizers that are new with this write and that somebody else might take for theirs. */
export function finalizerWarnings(object: KubeObject, old: KubeObject | undefined): string[] {
  const before = new Set(old?.metadata.finalizers)
  const added = (object.metadata.finalizers ?? []).filter((name) => !before.has(name))
  return [...new Set(added)].sort().flatMap(warningsAbout)
}

function warningsAbout(name: string): string[] {
  const warnings = qualifiedNameProblems(name).map((problem) => `${field}: ${quote(name)}: ${problem}`)
  if (name.includes("/") || standard.has(name)) return warnings
  const how = name.includes(".") ? " including a path (/)" : ""
  const advice = `prefer a domain-qualified finalizer name${how} to avoid accidental conflicts with other finalizer writers`
  return [...warnings, `${field}: ${quote(name)}: ${advice}`]
}
