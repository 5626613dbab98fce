import {
  always,
  bool,
  double,
  enumeration,
  field,
  type Infer,
  int64,
  type JsonValue,
  json,
  list,
  mapOf,
  message,
  type ObjectSchema,
  optional,
  type Schema,
  string,
  type Typed,
  union,
} from "../../../apimachinery/schema.ts"

// JSON Schema as CustomResourceDefinitions write it. It contains itself, so its interface is spelled out below.

export const ExternalDocumentation = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ExternalDocumentation",
  {
    description: field(1, string),
    url: field(2, string),
  },
)
export interface ExternalDocumentation extends Infer<typeof ExternalDocumentation> {}

export const FieldValueErrorReason = enumeration(
  "FieldValueDuplicate",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueRequired",
)
export type FieldValueErrorReason = Infer<typeof FieldValueErrorReason>

/** A rule in CEL about the value it stands beside (`self`), and its former value (`oldSelf`). */
export const ValidationRule = message(
  "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.ValidationRule",
  {
    rule: field(1, string, { required: true }),
    message: field(2, string),
    messageExpression: field(3, string),
    reason: optional(4, FieldValueErrorReason),
    fieldPath: field(5, string),
    optionalOldSelf: optional(6, bool),
  },
)
export interface ValidationRule extends Infer<typeof ValidationRule> {}

export interface JSONSchemaProps {
  id?: string | undefined
  $schema?: string | undefined
  $ref?: string | undefined
  description?: string | undefined
  type?: string | undefined
  format?: string | undefined
  title?: string | undefined
  default?: JsonValue | undefined
  maximum?: number | undefined
  exclusiveMaximum?: boolean | undefined
  minimum?: number | undefined
  exclusiveMinimum?: boolean | undefined
  maxLength?: number | undefined
  minLength?: number | undefined
  pattern?: string | undefined
  maxItems?: number | undefined
  minItems?: number | undefined
  uniqueItems?: boolean | undefined
  multipleOf?: number | undefined
  enum?: JsonValue[] | undefined
  maxProperties?: number | undefined
  minProperties?: number | undefined
  required?: string[] | undefined
  items?: JSONSchemaProps | JSONSchemaProps[] | undefined
  allOf?: JSONSchemaProps[] | undefined
  oneOf?: JSONSchemaProps[] | undefined
  anyOf?: JSONSchemaProps[] | undefined
  not?: JSONSchemaProps | undefined
  properties?: Record<string, JSONSchemaProps> | undefined
  additionalProperties?: JSONSchemaProps | boolean | undefined
  patternProperties?: Record<string, JSONSchemaProps> | undefined
  dependencies?: Record<string, JSONSchemaProps | string[]> | undefined
  additionalItems?: JSONSchemaProps | boolean | undefined
  definitions?: Record<string, JSONSchemaProps> | undefined
  externalDocs?: ExternalDocumentation | undefined
  example?: JsonValue | undefined
  nullable?: boolean | undefined
  "x-kubernetes-preserve-unknown-fields"?: boolean | undefined
  "x-kubernetes-embedded-resource"?: boolean | undefined
  "x-kubernetes-int-or-string"?: boolean | undefined
  "x-kubernetes-list-map-keys"?: string[] | undefined
  "x-kubernetes-list-type"?: string | undefined
  "x-kubernetes-map-type"?: string | undefined
  "x-kubernetes-validations"?: ValidationRule[] | undefined
}

const itself = (): Schema & Typed<JSONSchemaProps> => JSONSchemaProps

const group = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"

/** The schema of every element, or of each. */
const schemaOrArray = union<JSONSchemaProps | JSONSchemaProps[]>({
  message: message(`${group}.JSONSchemaPropsOrArray`, {
    schema: optional(1, itself),
    jSONSchemas: field(2, list(itself)),
  }),
  wrap: (value) => (Array.isArray(value) ? { jSONSchemas: value } : { schema: value }),
  unwrap: ({ schema, jSONSchemas }) => jSONSchemas ?? schema ?? null,
})

/** A schema also allows. */
const schemaOrBool = union<JSONSchemaProps | boolean>({
  message: message(`${group}.JSONSchemaPropsOrBool`, {
    allows: always(1, bool),
    schema: optional(2, itself),
  }),
  wrap: (value) => (typeof value === "boolean" ? { allows: value } : { allows: true, schema: value }),
  unwrap: ({ allows, schema }) => schema ?? allows,
})

const schemaOrStringArray = union<JSONSchemaProps | string[]>({
  message: message(`${group}.JSONSchemaPropsOrStringArray`, {
    schema: optional(1, itself),
    property: field(2, list(string)),
  }),
  wrap: (value) => (Array.isArray(value) ? { property: value } : { schema: value }),
  unwrap: ({ schema, property }) => property ?? schema ?? null,
})

export const JSONSchemaProps: ObjectSchema & Typed<JSONSchemaProps> = message(`${group}.JSONSchemaProps`, {
  id: field(1, string),
  $schema: field(2, string),
  $ref: optional(3, string),
  description: field(4, string),
  type: field(5, string),
  format: field(6, string),
  title: field(7, string),
  default: optional(8, json),
  maximum: optional(9, double),
  exclusiveMaximum: field(10, bool),
  minimum: optional(11, double),
  exclusiveMinimum: field(12, bool),
  maxLength: optional(13, int64),
  minLength: optional(14, int64),
  pattern: field(15, string),
  maxItems: optional(16, int64),
  minItems: optional(17, int64),
  uniqueItems: field(18, bool),
  multipleOf: optional(19, double),
  enum: field(20, list(json)),
  maxProperties: optional(21, int64),
  minProperties: optional(22, int64),
  required: field(23, list(string)),
  items: optional(24, schemaOrArray),
  allOf: field(25, list(itself)),
  oneOf: field(26, list(itself)),
  anyOf: field(27, list(itself)),
  not: optional(28, itself),
  properties: field(29, mapOf(itself)),
  additionalProperties: optional(30, schemaOrBool),
  patternProperties: field(31, mapOf(itself)),
  dependencies: field(32, mapOf(schemaOrStringArray)),
  additionalItems: optional(33, schemaOrBool),
  definitions: field(34, mapOf(itself)),
  externalDocs: optional(35, ExternalDocumentation),
  example: optional(36, json),
  nullable: field(37, bool),
  "x-kubernetes-preserve-unknown-fields": optional(38, bool),
  "x-kubernetes-embedded-resource": field(39, bool),
  "x-kubernetes-int-or-string": field(40, bool),
  "x-kubernetes-list-map-keys": field(41, list(string)),
  "x-kubernetes-list-type": optional(42, string),
  "x-kubernetes-map-type": optional(43, string),
  "x-kubernetes-validations": field(44, list(ValidationRule, { keys: ["rule"] }), {
    patchStrategy: "merge",
    patchMergeKey: "rule",
  }),
})
