import { isRecord } from "../schema-plan.ts"
import type { JsonSchema } from "./json-schema.ts"

/** What tells an element of a list map from the others, and finds it again in another state; equal for equal keys. */
export function elementKey(schema: JsonSchema, element: unknown): string {
  const keys = schema["x-kubernetes-list-map-keys"] ?? []
  return JSON.stringify(keys.map((key) => (isRecord(element) ? (element[key] ?? null) : null)))
}
