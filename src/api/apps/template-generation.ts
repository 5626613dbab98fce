import type { KubeObject } from "../../apimachinery/meta.ts"
import { quote } from "../../base/quote.ts"

/** Where a field of before apps/v1 is kept: how often the template of a DaemonSet has changed. */
export const templateGeneration = "deprecated.daemonset.template.generation"

export function templateGenerationOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[templateGeneration] ?? 0)
}

export function setTemplateGeneration({ metadata }: KubeObject, generation: number): void {
  metadata.annotations = { ...metadata.annotations, [templateGeneration]: String(generation) }
}

/** It is always there, and always a number. Throws Error in the words of Go's parser. */
export function ensureTemplateGeneration(daemonSet: KubeObject): void {
  const text = daemonSet.metadata.annotations?.[templateGeneration]
  if (text !== undefined && !/^[+-]?\d+$/.test(text))
    throw new Error(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`)
  setTemplateGeneration(daemonSet, Number(text ?? 0))
}
