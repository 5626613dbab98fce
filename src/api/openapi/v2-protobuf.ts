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
 * The OpenAPI v2 document in the form that Go programs of all ages ask for
 * (https://github.com/google/gnostic-models/blob/main/openapiv2/OpenAPIv2.proto).
 */

export const openApiV2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

export function encodeOpenApiV2(document: JsonSchema): Uint8Array {
  const writer = new Writer()
  writeMembers(writer, shapes.document, document)
  return writer.finish()
}

/** `shape` may be one that is only declared further down. */
const object = (shape: ShapeName): Write => objectOf(() => shapes[shape])

const parameter: Write = (writer, number, value) => {
  if (isRecord(value) && "$ref" in value) return within(2, object("reference"))(writer, number, value)
  const { in: place } = value as { in: string }
  const kinds: Record<string, number> = { header: 1, formData: 2, query: 3, path: 4 }
  const kind =
    place === "body"
      ? within(1, object("bodyParameter"))
      : within(2, within(kinds[place]!, object(place === "query" ? "queryParameter" : "pathParameter")))
  within(1, kind)(writer, number, value)
}

/** A type is one or several; a schema of items, too. */
const oneOrMore =
  (write: Write): Write =>
  (writer, number, value) =>
    within(1, list(write))(writer, number, Array.isArray(value) ? value : [value])

const additionalProperties: Write = (writer, number, value) =>
  typeof value === "boolean"
    ? within(2, truth)(writer, number, value)
    : within(1, object("schema"))(writer, number, value)

const texts = list(text)
const requirements = list(message((writer, value) => entries(within(1, texts))(writer, 1, value)))

/** Query parameters have one member more, in the middle. */
function parameterShape(shift: number): Shape {
  return {
    members: {
      required: [1, flag],
      in: [2, text],
      description: [3, text],
      name: [4, text],
      type: [5 + shift, text],
      format: [6 + shift, text],
      default: [9 + shift, any],
      uniqueItems: [19 + shift, flag],
      enum: [20 + shift, list(any)],
    },
    extensions: 22 + shift,
  }
}

const operationOf = (number: number): readonly [number, Write] => [
  number,
  (writer, at, value) => object("operation")(writer, at, value),
]

const shapes = {
  document: {
    members: {
      swagger: [1, text],
      info: [2, message((writer, value) => writeMembers(writer, info, value as JsonRecord))],
      paths: [8, message((writer, value) => entries(object("pathItem"))(writer, 2, value))],
      definitions: [9, message((writer, value) => entries(object("schema"))(writer, 1, value))],
      security: [12, requirements],
      securityDefinitions: [
        13,
        message((writer, value) => entries(within(2, object("apiKey")))(writer, 1, value)),
      ],
    },
    extensions: 16,
  },
  pathItem: {
    members: {
      $ref: [1, text],
      get: operationOf(2),
      put: operationOf(3),
      post: operationOf(4),
      delete: operationOf(5),
      options: operationOf(6),
      head: operationOf(7),
      patch: operationOf(8),
      parameters: [9, list(parameter)],
    },
    extensions: 10,
  },
  operation: {
    members: {
      tags: [1, texts],
      summary: [2, text],
      description: [3, text],
      operationId: [5, text],
      produces: [6, texts],
      consumes: [7, texts],
      parameters: [8, list(parameter)],
      responses: [
        9,
        message((writer, value) =>
          entries(within(1, (inner, at, each) => object("response")(inner, at, each)))(writer, 1, value),
        ),
      ],
      schemes: [10, texts],
      deprecated: [11, flag],
      security: [12, requirements],
    },
    extensions: 13,
  },
  response: {
    members: {
      description: [1, text],
      schema: [2, within(1, (writer, at, value) => object("schema")(writer, at, value))],
    },
    extensions: 5,
  },
  bodyParameter: {
    members: {
      description: [1, text],
      name: [2, text],
      in: [3, text],
      required: [4, flag],
      schema: [5, (writer, at, value) => object("schema")(writer, at, value)],
    },
    extensions: 6,
  },
  queryParameter: parameterShape(1),
  pathParameter: parameterShape(0),
  reference: { members: { $ref: [1, text], description: [2, text] } },
  apiKey: {
    members: { type: [1, text], name: [2, text], in: [3, text], description: [4, text] },
    extensions: 5,
  },
  schema: {
    members: {
      $ref: [1, text],
      format: [2, text],
      title: [3, text],
      description: [4, text],
      default: [5, any],
      multipleOf: [6, double],
      maximum: [7, double],
      exclusiveMaximum: [8, flag],
      minimum: [9, double],
      exclusiveMinimum: [10, flag],
      maxLength: [11, integer],
      minLength: [12, integer],
      pattern: [13, text],
      maxItems: [14, integer],
      minItems: [15, integer],
      uniqueItems: [16, flag],
      maxProperties: [17, integer],
      minProperties: [18, integer],
      required: [19, texts],
      enum: [20, list(any)],
      additionalProperties: [21, additionalProperties],
      type: [22, oneOrMore(text)],
      items: [23, oneOrMore((writer, at, value) => object("schema")(writer, at, value))],
      allOf: [24, list((writer, at, value) => object("schema")(writer, at, value))],
      properties: [
        25,
        message((writer, value) =>
          entries((inner, at, each) => object("schema")(inner, at, each))(writer, 1, value),
        ),
      ],
      example: [30, any],
    },
    extensions: 31,
  },
} satisfies Record<string, Shape> as Readonly<Record<ShapeName, Shape>>

type ShapeName =
  | "document"
  | "pathItem"
  | "operation"
  | "response"
  | "bodyParameter"
  | "queryParameter"
  | "pathParameter"
  | "reference"
  | "apiKey"
  | "schema"

const info: Shape = {
  members: { title: [1, text], version: [2, text], description: [3, text] },
  extensions: 7,
}
