import { defaultColumns } from "../../api/columns.ts"
import { formatFieldError, invalidValue } from "../../apimachinery/field-error.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Descriptions } from "../../api/openapi/descriptions.ts"
import type { Column, Resource } from "../../apimachinery/resource.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import { partialMetadata } from "./partial-metadata.ts"

export type IncludeObject = "None" | "Metadata" | "Object"

/** `?includeObject=`: what of the object goes along with its cells. */
export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") ?? ""
  if (value === "" || value === "Metadata") return "Metadata"
  if (value === "None" || value === "Object") return value
  const why = invalidValue("includeObject", value, "must be 'Metadata', 'Object', 'None', or empty")
  throw badRequest(`Unable to convert to Table as requested: ${formatFieldError(why)}`)
}

export interface TableOptions {
  readonly version: "v1" | "v1beta1"
  readonly include: IncludeObject
  readonly nowMs: number
  /** Later events of a watch leave them out. */
  readonly withColumns: boolean
  /** Where the texts of fields are, which many columns have for their own. */
  readonly descriptions: Descriptions
}

/** What `kubectl get` prints (https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables). */
export function tableOf(
  resource: Pick<Resource, "columns" | "tableOrder">,
  objects: readonly KubeObject[],
  metadata: object,
  options: TableOptions,
): object {
  const columns: readonly Column<KubeObject>[] =
    resource.columns.length > 0 ? resource.columns : defaultColumns
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: options.withColumns ? columns.map((column) => definitionOf(column, options)) : null,
    rows: inOrder(resource, objects).map((object) => rowOf(columns, object, options)),
  }
}

function inOrder(
  { tableOrder }: Pick<Resource, "tableOrder">,
  objects: readonly KubeObject[],
): readonly KubeObject[] {
  return tableOrder ? [...objects].sort(tableOrder) : objects
}

function definitionOf(column: Column<KubeObject>, { descriptions }: TableOptions): object {
  const { name, type, format = "", description: text = "", priority = 0 } = column
  const description = typeof text === "string" ? text : (descriptions.of(text.definition, text.field) ?? "")
  return { name, type, format, description, priority }
}

function rowOf(
  columns: readonly Column<KubeObject>[],
  object: KubeObject,
  { version, include, nowMs }: TableOptions,
): object {
  return {
    cells: columns.map((column) => column.cell(object, nowMs)),
    object: include === "None" ? null : include === "Object" ? object : partialMetadata(object, version),
  }
}
