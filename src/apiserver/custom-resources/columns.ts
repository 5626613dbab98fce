import type { CustomResourceColumnDefinition } from "../../api/apiextensions/v1/custom-resource-definition.ts"
import { ageColumn, nameColumn } from "../../api/columns.ts"
import { encodeJson } from "../../apimachinery/codec/json.ts"
import { formatAge } from "../../apimachinery/human-duration.ts"
import { findJsonPath } from "../../apimachinery/json-path/find-json-path.ts"
import type { Step } from "../../apimachinery/json-path/json-path.ts"
import { parseJsonPath } from "../../apimachinery/json-path/parse-json-path.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Column } from "../../apimachinery/resource.ts"
import { parseTime } from "../../apimachinery/time.ts"

type Cell = string | number | boolean | null

const age: Column<KubeObject> = { ...ageColumn, type: "date" }

/** What `kubectl get` prints of a custom resource: its name, then what its definition says, or else its age. */
export function columnsOf(
  declared: readonly CustomResourceColumnDefinition[] | undefined,
): Column<KubeObject>[] {
  if (!declared?.length) return [nameColumn, age]
  const columns: Column<KubeObject>[] = [nameColumn]
  for (const declaration of declared) {
    const steps = parsed(declaration.jsonPath)
    // Validation sees to it that all can be read; of one that was stored without it, upstream shows what stands before.
    if (!steps) break
    columns.push(columnOf(declaration, steps))
  }
  return columns
}

function parsed(path: string): Step[] | undefined {
  try {
    return parseJsonPath(path)
  } catch {
    return undefined
  }
}

function columnOf(
  { name, type, format, description, priority, jsonPath }: CustomResourceColumnDefinition,
  steps: readonly Step[],
): Column<KubeObject> {
  return {
    name,
    type: type as Column<KubeObject>["type"],
    ...(format && { format }),
    description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    ...(priority && { priority }),
    cell: (object, now) => cellOf(type, findJsonPath(steps, object)[0], now),
  }
}

/** Of a value of another type than the column's there is nothing to show. */
function cellOf(type: string, value: unknown, now: number): Cell {
  if (value === null || value === undefined) return null
  switch (type) {
    case "string":
      return printed(value)
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : typeof value === "bigint" ? Number(value) : null
    case "number":
      return typeof value === "number" || typeof value === "bigint" ? Number(value) : null
    case "boolean":
      return typeof value === "boolean" ? value : null
    case "date":
      return typeof value === "string" ? ageOf(value, now) : null
    default:
      return null
  }
}

function printed(value: unknown): string {
  return typeof value === "string" ? value : encodeJson(value)
}

function ageOf(text: string, now: number): string {
  try {
    parseTime(text)
  } catch {
    return "<invalid>"
  }
  return formatAge(text, now)
}
