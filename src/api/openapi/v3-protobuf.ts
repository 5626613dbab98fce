import { isRecord, type JsonRecord } from "../../apimachinery/schema-plan.ts"
import { Writer } from "../../base/protobuf.ts"
import type { JsonSchema } from "./definitions.ts"
import {
  any,
  double,
  entries,
  flag,
  integer,
  list,
  message,
  objectOf,
  type Shape,
  text,
  truth,
  within,
  type Write,
  writeMembers,
} from "./gnostic.ts"

/*
 * An OpenAPI v3 document as protobuf
 * (https://github.com/google/gnostic-models/blob/main/openapiv3/OpenAPIv3.proto).
 */

export const openApiV3Protobuf = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"

export function encodeOpenApiV3(document: JsonSchema): Uint8Array {
  const writer = new Writer()
  writeMembers(writer, documentShape, document)
  return writer.finish()
}

const texts = list(text)

/** A JSON object of any names, in a message of its own. */
const named = (write: Write): Write => message((writer, value) => entries(write)(writer, 1, value))

const reference = objectOf(() => ({
  members: { $ref: [1, text], summary: [2, text], description: [3, text] },
}))

/** The thing itself, or where it is. */
const orReference =
  (shape: () => Shape): Write =>
  (writer, number, value) =>
    (isRecord(value) && "$ref" in value ? within(2, reference) : within(1, objectOf(shape)))(
      writer,
      number,
      value,
    )

const schema = orReference(() => schemaShape)

const additionalProperties: Write = (writer, number, value) =>
  (typeof value === "boolean" ? within(2, truth) : within(1, schema))(writer, number, value)

/** Of a list or an object no more is said than that it is one. */
const defaultValue: Write = (writer, number, value) => {
  if (typeof value === "number") within(1, double)(writer, number, value)
  else if (typeof value === "boolean") within(2, truth)(writer, number, value)
  else if (typeof value === "string") within(3, text)(writer, number, value)
  else message(() => {})(writer, number, value)
}

const schemaShape: Shape = {
  members: {
    nullable: [1, flag],
    example: [7, any],
    title: [9, text],
    multipleOf: [10, double],
    maximum: [11, double],
    exclusiveMaximum: [12, flag],
    minimum: [13, double],
    exclusiveMinimum: [14, flag],
    maxLength: [15, integer],
    minLength: [16, integer],
    pattern: [17, text],
    maxItems: [18, integer],
    minItems: [19, integer],
    uniqueItems: [20, flag],
    maxProperties: [21, integer],
    minProperties: [22, integer],
    required: [23, texts],
    enum: [24, list(any)],
    type: [25, text],
    allOf: [26, list(schema)],
    oneOf: [27, list(schema)],
    anyOf: [28, list(schema)],
    not: [29, objectOf(() => schemaShape)],
    items: [30, within(1, schema)],
    properties: [31, named(schema)],
    additionalProperties: [32, additionalProperties],
    default: [33, defaultValue],
    description: [34, text],
    format: [35, text],
  },
  extensions: 36,
}

const parameter = orReference(() => ({
  members: {
    name: [1, text],
    in: [2, text],
    description: [3, text],
    required: [4, flag],
    deprecated: [5, flag],
    schema: [10, schema],
  },
  extensions: 14,
}))

const content = named(objectOf(() => ({ members: { schema: [1, schema] }, extensions: 5 })))

const requestBody = orReference(() => ({
  members: { description: [1, text], content: [2, content], required: [3, flag] },
  extensions: 4,
}))

const response = orReference(() => ({
  members: { description: [1, text], content: [3, content] },
  extensions: 5,
}))

const responses = message((writer, value) => {
  const { default: otherwise, ...codes } = value as JsonRecord
  if (otherwise !== undefined) response(writer, 1, otherwise)
  entries(response)(writer, 2, codes)
})

const security = list(named(within(1, texts)))

const operation = objectOf(() => ({
  members: {
    tags: [1, texts],
    summary: [2, text],
    description: [3, text],
    operationId: [5, text],
    parameters: [6, list(parameter)],
    requestBody: [7, requestBody],
    responses: [8, responses],
    deprecated: [10, flag],
    security: [11, security],
  },
  extensions: 13,
}))

const pathItem = objectOf(() => ({
  members: {
    $ref: [1, text],
    summary: [2, text],
    description: [3, text],
    get: [4, operation],
    put: [5, operation],
    post: [6, operation],
    delete: [7, operation],
    options: [8, operation],
    head: [9, operation],
    patch: [10, operation],
    parameters: [13, list(parameter)],
  },
  extensions: 14,
}))

const securityScheme = orReference(() => ({
  members: { type: [1, text], description: [2, text], name: [3, text], in: [4, text], scheme: [5, text] },
  extensions: 9,
}))

const info = objectOf(() => ({ members: { title: [1, text], description: [2, text], version: [6, text] } }))

const components = objectOf(() => ({
  members: {
    schemas: [1, named(schema)],
    responses: [2, named(response)],
    parameters: [3, named(parameter)],
    requestBodies: [5, named(requestBody)],
    securitySchemes: [7, named(securityScheme)],
  },
  extensions: 10,
}))

const documentShape: Shape = {
  members: {
    openapi: [1, text],
    info: [2, info],
    paths: [4, named(pathItem)],
    components: [5, components],
    security: [6, security],
  },
  extensions: 9,
}
