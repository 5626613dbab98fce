/**
 * JSON Schema as CustomResourceDefinitions write it: the members that a structural schema may use. What upstream forbids in
 * structural schemas (`$ref`, `patternProperties`, `dependencies`, `uniqueItems`, a list of `items`) is not here.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */
export interface JsonSchema {
  readonly type?: string | undefined
  readonly format?: string | undefined
  readonly description?: string | undefined
  readonly nullable?: boolean | undefined
  readonly default?: unknown
  readonly enum?: readonly unknown[] | undefined
  readonly maximum?: number | undefined
  readonly exclusiveMaximum?: boolean | undefined
  readonly minimum?: number | undefined
  readonly exclusiveMinimum?: boolean | undefined
  readonly multipleOf?: number | undefined
  readonly maxLength?: number | undefined
  readonly minLength?: number | undefined
  readonly pattern?: string | undefined
  readonly maxItems?: number | undefined
  readonly minItems?: number | undefined
  readonly uniqueItems?: boolean | undefined
  readonly maxProperties?: number | undefined
  readonly minProperties?: number | undefined
  readonly required?: readonly string[] | undefined
  readonly items?: JsonSchema | readonly JsonSchema[] | undefined
  readonly properties?: Readonly<Record<string, JsonSchema>> | undefined
  readonly additionalProperties?: JsonSchema | boolean | undefined
  readonly allOf?: readonly JsonSchema[] | undefined
  readonly anyOf?: readonly JsonSchema[] | undefined
  readonly oneOf?: readonly JsonSchema[] | undefined
  readonly not?: JsonSchema | undefined
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean | undefined
  readonly "x-kubernetes-embedded-resource"?: boolean | undefined
  readonly "x-kubernetes-int-or-string"?: boolean | undefined
  readonly "x-kubernetes-list-map-keys"?: readonly string[] | undefined
  readonly "x-kubernetes-list-type"?: string | undefined
  readonly "x-kubernetes-map-type"?: string | undefined
  readonly "x-kubernetes-validations"?: readonly unknown[] | undefined
}

/** The schema of a list's elements. */
export function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  return Array.isArray(schema.items) ? undefined : (schema.items as JsonSchema | undefined)
}

/** The schema of the member called `name`; undefined when nothing is said about it. */
export function memberOf(schema: JsonSchema, name: string): JsonSchema | undefined {
  const { properties, additionalProperties } = schema
  if (properties && Object.hasOwn(properties, name)) return properties[name]
  return typeof additionalProperties === "object" ? additionalProperties : undefined
}
