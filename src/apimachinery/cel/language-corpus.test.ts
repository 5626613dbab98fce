import { tests as corpus } from "@bufbuild/cel-spec/testdata/conformance.js"
import { describe, expect, it } from "vitest"
import { decodeBase64 } from "../../base/base64.ts"
import { parseDurationNanos } from "../duration.ts"
import { checkCel } from "./check/check.ts"
import { planCel } from "./evaluate/plan.ts"
import { CelErrors } from "./parse/cel-errors.ts"
import { parseCel } from "./parse/parse.ts"
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  namedType,
  nullType,
  opaqueType,
  stringType,
  timestampType,
  typeOf,
  uintType,
} from "./types/cel-type.ts"
import { ValueList, ValueMap } from "./values/collections.ts"
import { equal } from "./values/equal.ts"
import { parseTimestamp } from "./values/timestamp.ts"
import {
  CelDuration,
  CelError,
  type CelResult,
  CelTypeValue,
  type CelValue,
  isError,
  typeNameOf,
  UInt,
} from "./values/value.ts"

// The corpus of the language's own project (https://github.com/google/cel-spec/tree/master/tests/simple), without what
// Kubernetes does not turn on.

type Json = Readonly<Record<string, unknown>>

interface Case {
  readonly name: string
  readonly expr: string
  readonly value?: Json
  readonly evalError?: unknown
  readonly typeEnv?: readonly { name: string; ident?: { type: Json } }[]
  readonly bindings?: Readonly<Record<string, { value?: Json }>>
  readonly container?: string
  readonly disableCheck?: boolean
  readonly checkOnly?: boolean
  readonly typedResult?: { readonly result?: Json }
}

/** Extensions that Kubernetes has off, and messages of protobuf, which its objects are not. */
const offSuites = new Set([
  "bindings_ext",
  "block_ext",
  "encoders_ext",
  "math_ext",
  "proto2",
  "proto2_ext",
  "proto3",
  "enums",
  "wrappers",
  "dynamic",
])
const needsMessages =
  /TestAllTypes|NestedTestAllTypes|google\.protobuf\.(?!Timestamp|Duration)|google\.rpc|GlobalEnum|proto\d?\./

/** What holds neither in cel-go as Kubernetes 1.36 has it nor here, by the reason. */
const exclusions: Readonly<Record<string, readonly string[]>> = {
  "identifiers in backticks are not turned on": [
    "fields/quoted_map_fields/field_access_slash",
    "fields/quoted_map_fields/field_access_dash",
    "fields/quoted_map_fields/field_access_dot",
    "fields/quoted_map_fields/has_field_slash",
    "fields/quoted_map_fields/has_field_dash",
    "fields/quoted_map_fields/has_field_dot",
  ],
  "of keys that are written twice the last one counts": [
    "fields/qualified_identifier_resolution/map_value_repeat_key",
    "fields/qualified_identifier_resolution/map_value_repeat_key_heterogeneous",
  ],
  "the string library is of version 2, which writes numbers and what is in lists and maps in another way": [
    "string_ext/format/scientific notation formatting clause",
    "string_ext/format/default precision for scientific notation",
    "string_ext/format/positive infinity support for scientific notation",
    "string_ext/format/negative infinity support for scientific notation",
    "string_ext/format/NaN support for decimal",
    "string_ext/format/positive infinity support for decimal",
    "string_ext/format/negative infinity support for decimal",
    "string_ext/format/positive infinity support for fixed-point",
    "string_ext/format/negative infinity support for fixed-point",
    "string_ext/format/list support for string",
    "string_ext/format/map support for string",
    "string_ext/format/map support (all key types)",
    "string_ext/format/dyntype support for scientific notation",
    "string_ext/format/dyntype NaN/infinity support",
    "string_ext/format/dyntype support for lists",
    "string_ext/format/dyntype support for maps",
    "string_ext/format/scientific notation formatting clause in a string variable",
  ],
  "an offset beyond the end finds nothing": [
    "string_ext/value_errors/indexof_out_of_range",
    "string_ext/value_errors/lastindexof_out_of_range",
  ],
  "the milliseconds of a duration are all of it": ["timestamps/duration_converters/get_milliseconds"],
}
const excluded = new Set(Object.values(exclusions).flat())

const cases = [...collect(corpus as never, [])]

describe("the language's own corpus", () => {
  it("is as large as it was, and only what is named is excluded", () => {
    expect(cases.length).toBeGreaterThanOrEqual(1309)
    expect(excluded.size).toBeLessThanOrEqual(28)
    const names = new Set(cases.map(([name]) => name))
    expect([...excluded].filter((name) => !names.has(name))).toEqual([])
  })

  it.each(cases)("%s", (name, each) => {
    const failure = run(each)
    if (excluded.has(name)) expect(failure).toBeDefined()
    else expect(failure).toBeUndefined()
  })
})

function* collect(
  suite: { name: string; suites?: readonly never[]; tests?: readonly { original: Case }[] },
  path: readonly string[],
): Iterable<[string, Case]> {
  for (const inner of suite.suites ?? []) {
    const { name } = inner as { name: string }
    if (!offSuites.has(name)) yield* collect(inner, [...path, name])
  }
  for (const { original } of suite.tests ?? []) {
    if (!isOff(original)) yield [[...path, original.name].join("/"), original]
  }
}

function isOff(each: Case): boolean {
  const { expr, container = "", typeEnv, bindings, value, typedResult } = each
  const text = JSON.stringify([
    expr,
    container && expr.includes("{") ? container : "",
    typeEnv,
    bindings,
    value,
    typedResult,
  ])
  // Functions that a test declares have no implementation; expressions that are not checked are not evaluated.
  const declares = typeEnv?.some(({ ident }) => !ident) ?? false
  return declares || (each.disableCheck ?? false) || needsMessages.test(text)
}

// Undefined when it holds.
function run(each: Case): string | undefined {
  const errors = new CelErrors(each.expr)
  const expression = parseCel(each.expr, errors)
  if (!expression) return each.evalError ? undefined : errors.toString()
  const variables = Object.fromEntries(
    (each.typeEnv ?? []).flatMap(({ name, ident }) => (ident ? [[name, typeOfProto(ident.type)]] : [])),
  )
  const checked = checkCel(expression, { variables, container: each.container ?? "" }, errors)
  if (!errors.isEmpty) return each.evalError ? undefined : errors.toString()
  if (each.checkOnly) return undefined
  const result = evaluate(each, () => planCel(checked, variables))
  if (each.evalError) return isError(result) ? undefined : "no error"
  if (isError(result)) return result.message
  const wanted = valueOfProto(each.value ?? each.typedResult?.result ?? { boolValue: true })
  if (Number.isNaN(wanted)) return Number.isNaN(result) ? undefined : "not NaN"
  const isRight = equal(result, wanted) && typeNameOf(result) === typeNameOf(wanted)
  return isRight ? undefined : `${show(result)} is not ${show(wanted)}`
}

function evaluate(each: Case, plan: () => ReturnType<typeof planCel>): CelResult {
  const bindings = Object.fromEntries(
    Object.entries(each.bindings ?? {}).map(([name, { value }]) => [name, valueOfProto(value ?? {})]),
  )
  try {
    const { step, slots } = plan()
    return step({ slots: Array.from({ length: slots }), bindings, cost: 0, costLimit: Infinity })
  } catch (error) {
    return new CelError((error as Error).message)
  }
}

function show(value: CelResult): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? `${part}n` : part))
}

const primitives: Readonly<Record<string, CelType>> = {
  BOOL: boolType,
  INT64: intType,
  UINT64: uintType,
  DOUBLE: doubleType,
  STRING: stringType,
  BYTES: bytesType,
}

const wellKnown: Readonly<Record<string, CelType>> = {
  TIMESTAMP: timestampType,
  DURATION: durationType,
  ANY: dynType,
}

function typeOfProto(type: Json): CelType {
  const [kind = "", given] = Object.entries(type)[0] ?? []
  const inner = given as Json
  switch (kind) {
    case "primitive":
      return primitives[given as string] ?? dynType
    case "wellKnown":
      return wellKnown[given as string] ?? dynType
    case "null":
      return nullType
    case "listType":
      return listOf(typeOfProto((inner["elemType"] ?? {}) as Json))
    case "mapType":
      return mapOf(
        typeOfProto((inner["keyType"] ?? {}) as Json),
        typeOfProto((inner["valueType"] ?? {}) as Json),
      )
    case "type":
      return typeOf(typeOfProto(inner))
    case "abstractType": {
      const parameters = (inner["parameterTypes"] ?? []) as Json[]
      return opaqueType(String(inner["name"]), ...parameters.map(typeOfProto))
    }
    case "messageType":
      return namedType(given as string)
    default:
      return dynType
  }
}

function valueOfProto(value: Json): CelValue {
  const [kind = "", given] = Object.entries(value)[0] ?? []
  switch (kind) {
    case "int64Value":
      return BigInt(given as string)
    case "uint64Value":
      return new UInt(BigInt(given as string))
    case "doubleValue":
      return Number(given)
    case "bytesValue":
      return decodeBase64(given as string)
    case "typeValue":
      return new CelTypeValue(given as string)
    case "listValue":
      return new ValueList(((given as Json)["values"] as Json[] | undefined)?.map(valueOfProto) ?? [])
    case "mapValue": {
      const entries = ((given as Json)["entries"] as { key: Json; value: Json }[] | undefined) ?? []
      return ValueMap.of(
        entries.map((entry) => [valueOfProto(entry.key), valueOfProto(entry.value)] as const),
      )
    }
    case "objectValue": {
      const { "@type": type, value: text } = given as Record<string, string>
      if (type?.endsWith("Duration")) return new CelDuration(parseDurationNanos(text ?? "0s"))
      return type?.endsWith("Timestamp") ? parseTimestamp(text ?? "") : null
    }
    default:
      return (given ?? null) as CelValue
  }
}
