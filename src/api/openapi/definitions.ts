import type { JsonSchema as DeclaredSchema } from "../../apimachinery/json-schema/json-schema.ts"
import { type GroupVersionKind, ObjectMeta } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import {
  type AnySchema,
  type Field,
  type ListSchema,
  type ObjectSchema,
  resolve,
  type ScalarSchema,
  type Schema,
  type SchemaRef,
} from "../../apimachinery/schema.ts"
import { customSchema } from "./custom-schema.ts"
import { type Descriptions, noDescriptions } from "./descriptions.ts"

/** A JSON Schema in the form of OpenAPI. */
export type JsonSchema = { [keyword: string]: unknown }

export type Dialect = "v2" | "v3"

/** By definition name. */
export type KindNames = ReadonlyMap<string, GroupVersionKind>

const refPrefixes = { v2: "#/definitions/", v3: "#/components/schemas/" } as const

/**
 * Definitions of an OpenAPI document. Asking for a reference adds what it refers to, so a document holds just what its
 * paths need. Named objects become definitions; anonymous ones, as custom resources have them, stay where they are.
 *
 * The dialects differ in what may stand beside a reference: v2 forbids everything, v3 wraps the reference. v2 also has no
 * word for defaults of Go's zero values, which v3 spells out wherever a value is never absent.
 */
export class Definitions {
  readonly dialect: Dialect
  readonly all: Record<string, JsonSchema> = {}
  readonly #descriptions: Descriptions
  readonly #kinds: KindNames

  /** @param kinds which definitions are kinds, by name: they say so wherever they are met */
  constructor(dialect: Dialect, kinds: KindNames, descriptions: Descriptions = noDescriptions) {
    this.dialect = dialect
    this.#kinds = kinds
    this.#descriptions = descriptions
  }

  /** `{ $ref }`, after making sure that there is such a definition. */
  refTo(schema: ObjectSchema & { name: string }): JsonSchema {
    return this.#ref(schema.name, () => this.#object(schema))
  }

  refToKind(resource: KindWithSchema): JsonSchema {
    const { schema, declaredSchema } = resource
    if (declaredSchema)
      return this.#ref(definitionName(resource), () => this.#custom(resource, declaredSchema))
    // A custom resource's name is that of a definition, but its fields keep to the rules of JSON Schema.
    if (schema.name === undefined)
      return this.#ref(definitionName(resource), () => this.#object(schema, resource))
    return this.refTo({ ...schema, name: schema.name })
  }

  refToList(resource: Resource, listMeta: ObjectSchema & { name: string }): JsonSchema {
    const { group, version, listKind } = resource
    const item = this.refToKind(resource)
    const isCustom = resource.schema.name === undefined
    const name = isCustom ? definitionName({ ...resource, kind: listKind }) : `${resource.schema.name}List`
    return this.#ref(name, () => ({
      ...this.#describe(name),
      type: "object",
      required: ["items"],
      properties: {
        apiVersion: { type: "string", ...this.#describe(name, "apiVersion") },
        items: { type: "array", items: this.#wrap(item, { default: {} }), ...this.#describe(name, "items") },
        kind: { type: "string", ...this.#describe(name, "kind") },
        metadata: this.#wrap(this.refTo(listMeta), { default: {}, ...this.#describe(name, "metadata") }),
      },
      "x-kubernetes-group-version-kind": [{ group, kind: listKind, version }],
    }))
  }

  #custom(resource: KindWithSchema, schema: DeclaredSchema): JsonSchema {
    const { selectableFields = {} } = resource
    const fields = Object.keys(selectableFields).map((fieldPath) => ({ fieldPath }))
    const status = `${meta}.Status`
    const metadata = this.refTo(ObjectMeta as ObjectSchema & { name: string })
    const described = this.#describe(`${meta}.PartialObjectMetadata`, "metadata")
    return {
      ...customSchema(schema, this.dialect, {
        apiVersion: { ...this.#describe(status, "apiVersion"), type: "string" },
        kind: { ...this.#describe(status, "kind"), type: "string" },
        metadata: this.#wrap(metadata, described),
      }),
      "x-kubernetes-group-version-kind": [gvkOf(resource)],
      ...(fields.length > 0 && { "x-kubernetes-selectable-fields": fields }),
    }
  }

  #ref(name: string, make: () => JsonSchema): JsonSchema {
    if (!Object.hasOwn(this.all, name)) {
      // Before it is made, since types contain themselves.
      this.all[name] = {}
      this.all[name] = make()
    }
    return { $ref: `${refPrefixes[this.dialect]}${name}` }
  }

  #describe(definition: string | undefined, field?: string): JsonSchema {
    const description = definition === undefined ? undefined : this.#descriptions.of(definition, field)
    return description === undefined ? {} : { description }
  }

  #object(schema: ObjectSchema, kind = this.#kinds.get(schema.name ?? "")): JsonSchema {
    const entries = Object.entries(schema.fields)
    const properties = entries.map(([name, field]) => [name, this.#property(schema, name, field)] as const)
    const required = entries.filter(([, field]) => field.required).map(([name]) => name)
    return {
      ...(schema.description === undefined
        ? this.#describe(schema.name)
        : { description: schema.description }),
      type: "object",
      ...(required.length > 0 && { required }),
      ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
      ...(schema.atomic && { "x-kubernetes-map-type": "atomic" }),
      ...(schema.preserveUnknownFields && { "x-kubernetes-preserve-unknown-fields": true }),
      ...(schema.embeddedResource && { "x-kubernetes-embedded-resource": true }),
      ...this.#constraints(schema),
      ...(kind && { "x-kubernetes-group-version-kind": [gvkOf(kind)] }),
    }
  }

  #property(owner: ObjectSchema, name: string, field: Field): JsonSchema {
    const isTyped = owner.name !== undefined
    const schema = resolve(field.schema)
    return this.#wrap(this.#schema(schema, isTyped), {
      ...(schema.description === undefined && this.#describeField(owner, name, schema)),
      ...this.#default(field, schema, isTyped),
      ...(field.patchStrategy && { "x-kubernetes-patch-strategy": field.patchStrategy }),
      ...(field.patchMergeKey && { "x-kubernetes-patch-merge-key": field.patchMergeKey }),
    })
  }

  /** The package that the texts come from has none for fields that refer to a definition; then that one's says enough. */
  #describeField(owner: ObjectSchema, name: string, schema: Schema): JsonSchema {
    const own = this.#describe(owner.name, name)
    return "description" in own || schema.kind !== "object" ? own : this.#describe(schema.name)
  }

  #default(field: Field, schema: Schema, isTyped: boolean): JsonSchema {
    if (field.default !== undefined) return { default: field.default }
    if (!isTyped || field.presence !== "always") return {}
    const zero = zeroOf(schema)
    return zero === undefined ? {} : { default: zero }
  }

  /** Adds keywords that v2 cannot have beside a reference. */
  #wrap(schema: JsonSchema, more: JsonSchema): JsonSchema {
    const keywords = this.dialect === "v2" ? withoutZeroDefault(more) : more
    if (!("$ref" in schema)) return { ...keywords, ...schema }
    if (this.dialect === "v2") {
      const { default: _default, ...rest } = keywords
      return { ...schema, ...rest }
    }
    return Object.keys(keywords).length > 0 ? { allOf: [schema], ...keywords } : schema
  }

  #schema(ref: SchemaRef, isTyped: boolean): JsonSchema {
    const schema = resolve(ref)
    switch (schema.kind) {
      case "object":
        return schema.name === undefined ? this.#object(schema) : this.refTo({ ...schema, name: schema.name })
      case "list":
        return { type: "array", items: this.#element(schema.element, isTyped), ...listKeywords(schema) }
      case "map":
        return {
          type: "object",
          additionalProperties: this.#element(schema.value, isTyped),
          ...(schema.atomic && { "x-kubernetes-map-type": "atomic" }),
          ...this.#constraints(schema),
        }
      case "scalar":
      case "any":
        return { ...this.#leaf(schema, isTyped), ...this.#constraints(schema) }
    }
  }

  #element(ref: SchemaRef, isTyped: boolean): JsonSchema {
    const schema = resolve(ref)
    const zero = isTyped ? zeroOf(schema) : undefined
    return this.#wrap(this.#schema(schema, isTyped), zero === undefined ? {} : { default: zero })
  }

  #leaf(schema: ScalarSchema | AnySchema, isTyped: boolean): JsonSchema {
    const plain = plainTypes[schema.name]
    if (plain) return plain
    if (!isTyped) return untypedLeaves[schema.name] ?? {}
    const { name, forms } = leafDefinition(schema)
    return this.#ref(name, () => ({ ...this.#describe(name), ...forms[this.dialect] }))
  }

  #constraints(schema: Schema): JsonSchema {
    const { constraints, nullable } = schema
    const { validations, ...rest } = constraints ?? {}
    return {
      ...rest,
      ...(nullable && { nullable: true }),
      ...(validations && { "x-kubernetes-validations": validations }),
    }
  }
}

type KindWithSchema = Pick<Resource, "group" | "version" | "kind" | "schema"> &
  Partial<Pick<Resource, "declaredSchema" | "selectableFields">>

/** In the order in which upstream writes them. */
export function gvkOf({ group, version, kind }: GroupVersionKind) {
  return { group, kind, version }
}

/** "com.example.stable.v1.CronTab" of stable.example.com: how custom resources are called. */
export function definitionName({ group, version, kind }: GroupVersionKind): string {
  return [...group.split(".").toReversed(), version, kind].join(".")
}

function listKeywords({ listType, keys }: ListSchema): JsonSchema {
  return { "x-kubernetes-list-type": listType, ...(keys && { "x-kubernetes-list-map-keys": keys }) }
}

const plainTypes: Readonly<Record<string, JsonSchema>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
}

const untypedLeaves: Readonly<Record<string, JsonSchema>> = {
  time: { type: "string", format: "date-time" },
  microTime: { type: "string", format: "date-time" },
  intOrString: { "x-kubernetes-int-or-string": true },
}

interface LeafDefinition {
  readonly name: string
  readonly forms: Readonly<Record<Dialect, JsonSchema>>
}

const meta = "io.k8s.apimachinery.pkg.apis.meta.v1"
const same = (form: JsonSchema) => ({ v2: form, v3: form })
const dateTime = same({ type: "string", format: "date-time" })

/** Types that are written as something simple, and are definitions nonetheless. */
const leafDefinitions: Readonly<Record<string, LeafDefinition>> = {
  time: { name: `${meta}.Time`, forms: dateTime },
  microTime: { name: `${meta}.MicroTime`, forms: dateTime },
  duration: { name: `${meta}.Duration`, forms: same({ type: "string" }) },
  fieldsV1: { name: `${meta}.FieldsV1`, forms: same({ type: "object" }) },
  rawExtension: { name: "io.k8s.apimachinery.pkg.runtime.RawExtension", forms: same({ type: "object" }) },
  quantity: {
    name: "io.k8s.apimachinery.pkg.api.resource.Quantity",
    forms: { v2: { type: "string" }, v3: { oneOf: [{ type: "string" }, { type: "number" }] } },
  },
  intOrString: {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    forms: {
      v2: { type: "string", format: "int-or-string" },
      v3: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
    },
  },
  json: { name: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON", forms: same({}) },
}

/** A union says nothing of its branches but its name. */
function leafDefinition(schema: ScalarSchema | AnySchema): LeafDefinition {
  if (schema.kind === "any" && schema.union) return { name: schema.union.message.name!, forms: same({}) }
  return leafDefinitions[schema.name]!
}

/** What Go reads where nothing is written; undefined where upstream does not say. */
function zeroOf(schema: Schema): unknown {
  if (schema.kind === "object") return schema.name === undefined ? undefined : {}
  if (schema.kind !== "scalar") return undefined
  const zeros: Readonly<Record<string, unknown>> = { string: "", bool: false, int32: 0, int64: 0, double: 0 }
  return zeros[schema.name]
}

function withoutZeroDefault(keywords: JsonSchema): JsonSchema {
  const { default: value, ...rest } = keywords
  const isZero = !value || (typeof value === "object" && Object.keys(value).length === 0)
  return isZero ? rest : keywords
}
