import { describe, expect, test } from "vitest"
import { formatFieldError } from "../../../apimachinery/field-error.ts"
import { applyDefaults } from "../../../apimachinery/defaulting.ts"
import { decodeObject } from "../../../apimachinery/structural.ts"
import { CustomResourceDefinition, CustomResourceDefinitionSchema } from "../v1/custom-resource-definition.ts"
import { definitionName, validateDefinition, validateDefinitionUpdate } from "./custom-resource-definition.ts"

type Json = { readonly [name: string]: unknown }

function definition(
  spec: Json = {},
  version: Json = {},
  schema: Json = { type: "object" },
): CustomResourceDefinition {
  const versions = [
    { name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version },
  ]
  const names = { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" }
  const raw = {
    metadata: { name: "widgets.example.com" },
    spec: { group: "example.com", scope: "Namespaced", names, versions, ...spec },
  }
  const decoded = decodeObject(CustomResourceDefinitionSchema, raw)
  return applyDefaults(CustomResourceDefinition.schema, decoded) as unknown as CustomResourceDefinition
}

function errors(...parts: Parameters<typeof definition>): string[] {
  return [...validateDefinition(definition(...parts))].map(formatFieldError)
}

function schemaErrors(spec: Json, version: Json = {}): string[] {
  const under = /^spec\.validation\.openAPIV3Schema\.properties\[spec\]/
  return errors({}, version, { type: "object", properties: { spec } }).map((text) => text.replace(under, "~"))
}

test("a definition that is fine", () => {
  expect(errors()).toEqual([])
})

describe("names, groups and versions", () => {
  test("its own name tells whose definition it is", () => {
    expect(definitionName("widgets.example.com", false, definition())).toEqual([])
    const problem = 'must be spec.names.plural+"."+spec.group'
    expect(definitionName("widgets.example.com", false, definition({ group: "" }))).toEqual([problem])
    expect(definitionName("gadgets.example.com", false, definition())).toEqual([problem])
  })

  test.each<[Json, string[]]>([
    [{ group: "" }, ["spec.group: Required value"]],
    [
      { scope: "Global" },
      ['spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"'],
    ],
    [
      { versions: [] },
      [
        "spec.versions: Invalid value: []: must have exactly one version marked as storage version",
        "status.storedVersions: Invalid value: []: must have at least one stored version",
      ],
    ],
    [
      { names: { plural: "widgets", kind: "Widget", listKind: "Widget" } },
      ['spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same'],
    ],
    [
      { preserveUnknownFields: true },
      [
        "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ],
    ],
    [
      { conversion: { strategy: "Webhook" } },
      [
        "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
        "spec.conversion.conversionReviewVersions: Required value",
      ],
    ],
  ])("%j", (spec, expected) => {
    expect(errors(spec)).toEqual(expected)
  })

  test("a group of the community needs its approval", () => {
    const protectedOne = definition({ group: "things.k8s.io" })
    protectedOne.metadata.name = "widgets.things.k8s.io"
    expect([...validateDefinition(protectedOne)].map(formatFieldError)).toEqual([
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ])
  })
})

describe("schemas", () => {
  test.each<[string, Json, string[]]>([
    ["no type", {}, ["~.type: Required value: must not be empty for specified object fields"]],
    ["a list without elements", { type: "array" }, ["~.items: Required value: must be specified"]],
    ["a reference", { type: "object", $ref: "#/x" }, ["~.$ref: Forbidden: $ref is not supported"]],
    [
      "unique items",
      { type: "array", items: { type: "string" }, uniqueItems: true },
      [
        "~.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
      ],
    ],
    [
      "a type within alternatives",
      { type: "object", anyOf: [{ type: "object" }] },
      ["~.anyOf[0].type: Forbidden: must be empty to be structural"],
    ],
    [
      "members listed and of any name",
      { type: "object", properties: { a: { type: "string" } }, additionalProperties: { type: "string" } },
      ["~.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"],
    ],
    [
      "a set of objects that are not atomic",
      { type: "array", "x-kubernetes-list-type": "set", items: { type: "object" } },
      [
        "~.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set",
      ],
    ],
    [
      "a list map without keys",
      { type: "array", "x-kubernetes-list-type": "map", items: { type: "object" } },
      ["~.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map"],
    ],
    [
      "a key that may be absent",
      {
        type: "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        items: { type: "object", properties: { name: { type: "string" } } },
      },
      [
        "~.items.properties[name].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
      ],
    ],
    [
      "a default of the wrong type",
      { type: "string", default: 1 },
      ['~.default: Invalid value: "integer":  in body must be of type string: "integer"'],
    ],
    [
      "a default that would be pruned",
      { type: "object", default: { a: 1 } },
      ['~.default: Invalid value: {"a":1}: must not have unknown fields'],
    ],
    [
      "an unknown type",
      { type: "text" },
      [
        '~.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"',
      ],
    ],
    [
      "a pattern that is none",
      { type: "string", pattern: "(" },
      [
        '~.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`',
      ],
    ],
    [
      "an embedded resource that keeps nothing",
      { type: "object", "x-kubernetes-embedded-resource": true },
      [
        "~.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields",
      ],
    ],
  ])("%s", (_, schema, expected) => {
    expect(schemaErrors(schema)).toEqual(expected)
  })

  test("what is narrowed at the root is declared there", () => {
    const schema = { type: "object", allOf: [{ properties: { a: { minimum: 1 } } }] }
    expect(errors({}, {}, schema)).toEqual([
      "spec.validation.openAPIV3Schema.properties[a]: Required value: because it is defined in spec.validation.openAPIV3Schema.allOf[0].properties[a]",
    ])
  })

  test("int or string may be spelled out", () => {
    const anyOf = [{ type: "integer" }, { type: "string" }]
    expect(schemaErrors({ "x-kubernetes-int-or-string": true, anyOf })).toEqual([])
    expect(
      schemaErrors({ "x-kubernetes-int-or-string": true, allOf: [{ anyOf }, { pattern: "x" }] }),
    ).toEqual([])
  })

  test("the root says nothing but its type where the status is apart", () => {
    const version = { subresources: { status: {} } }
    expect(errors({}, version, { type: "object", minProperties: 1 })[0]).toMatch(
      /^spec\.validation\.openAPIV3Schema: Invalid value: .*: only \[Description Type Format .*\] fields are allowed at the root of the schema if the status subresource is enabled$/,
    )
  })
})

describe("what stands beside the schema", () => {
  test.each<[Json, string[]]>([
    [
      { additionalPrinterColumns: [{ name: "A", type: "text", jsonPath: "spec.a" }] },
      [
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec.a": must be a simple json path starting with .',
      ],
    ],
    [
      { subresources: { scale: { specReplicasPath: ".status.a", statusReplicasPath: ".status.b" } } },
      [
        'spec.subresources.scale.specReplicasPath: Invalid value: ".status.a": should be a json path under .spec',
      ],
    ],
    [
      { selectableFields: [{ jsonPath: ".spec.none" }] },
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.none": is an invalid path: does not refer to a valid field',
      ],
    ],
    [
      { deprecationWarning: "old" },
      ['spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions'],
    ],
  ])("%j", (version, expected) => {
    expect(errors({}, version)).toEqual(expected)
  })
})

describe("rules", () => {
  const withRule = (rule: Json, more: Json = {}) => ({
    type: "object",
    properties: { list: { type: "array", items: { type: "string" } } },
    "x-kubernetes-validations": [rule],
    ...more,
  })

  test("must compile, and be about whether something holds", () => {
    const [error] = schemaErrors(withRule({ rule: "self.none == 1" }))
    expect(error).toMatch(
      /^~\.x-kubernetes-validations\[0\]\.rule: Invalid value: .*: compilation failed: ERROR: <input>:1:5: undefined field 'none'/,
    )
    expect(schemaErrors(withRule({ rule: "self.list" }))[0]).toMatch(
      /: cel expression must evaluate to a bool$/,
    )
  })

  test("must not cost too much", () => {
    expect(schemaErrors(withRule({ rule: "self.list.all(a, self.list.all(b, a == b))" }))).toEqual([
      "~.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)",
      "~.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema",
      "spec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)",
    ])
    const bounded = { type: "array", maxItems: 10, items: { type: "string", maxLength: 10 } }
    const schema = withRule(
      { rule: "self.list.all(a, self.list.all(b, a == b))" },
      { properties: { list: bounded } },
    )
    expect(schemaErrors(schema)).toEqual([])
  })

  test("must not look at former values that cannot be found", () => {
    const items = { type: "string", maxLength: 5, "x-kubernetes-validations": [{ rule: "self == oldSelf" }] }
    expect(schemaErrors({ type: "array", maxItems: 5, items })).toEqual([
      '~.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[spec]',
    ])
  })

  test("may stay as expensive as they are", () => {
    const rule = { rule: "self.list.all(a, self.list.all(b, a == b))" }
    const spec = withRule(rule)
    const old = definition({}, {}, { type: "object", properties: { spec } })
    const texts = [...validateDefinitionUpdate(old, old)].map(formatFieldError)
    expect(texts.filter((text) => text.includes("estimated rule cost exceeds"))).toEqual([])
  })
})

describe("updates", () => {
  test("keep what objects are stored in", () => {
    const old = definition()
    const next = definition({}, { name: "v2" })
    next.status = { ...next.status, storedVersions: ["v1", "v2"] }
    expect([...validateDefinitionUpdate(next, old)].map(formatFieldError)).toEqual([
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    ])
  })

  test("forgive what was there before", () => {
    const sets = { type: "array", "x-kubernetes-list-type": "set", items: { type: "object" } }
    const old = definition({}, {}, { type: "object", properties: { spec: sets } })
    expect([...validateDefinitionUpdate(old, old)]).toEqual([])
  })

  test("keep the kind once it is served", () => {
    const old = definition()
    const established = { type: "Established", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }
    old.status = { ...old.status, conditions: [established] }
    const next = definition({ scope: "Cluster" })
    expect([...validateDefinitionUpdate(next, old)].map(formatFieldError)).toEqual([
      'spec.scope: Invalid value: "Cluster": field is immutable',
    ])
  })
})
