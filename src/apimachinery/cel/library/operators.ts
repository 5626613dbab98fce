import { compareValues } from "../values/compare.ts"
import { containsValue } from "../values/equal.ts"
import { CelError, type CelResult, type CelValue, isList, isMap, sizeOf } from "../values/value.ts"
import { add, divide, multiply, negate, remainder, subtract } from "./arithmetic.ts"
import { type AnyImplementation, overload, type Overload } from "./function.ts"

const noSuchOverload = new CelError("no such overload")

// The implementations of operators are the singletons below, or part of planning (`&&`, `==`, `[]`).
const none = (): CelResult => noSuchOverload

function operator(name: string, ...overloads: (readonly [id: string, ...args: string[]])[]): Overload[] {
  return overloads.map(([id, ...types]) => {
    const result = types.at(-1) ?? "dyn"
    return overload(id, `${name}(${types.slice(0, -1).join(", ")}): ${result}`, none)
  })
}

const numbers = [
  ["int64", "int"],
  ["uint64", "uint"],
  ["double", "double"],
] as const

// In upstream's order: where nothing is known of the arguments, the first that fits decides.
function comparison(name: string, id: string): Overload[] {
  const mixed = numbers.flatMap(([leftId, left]) => {
    const others = ["double", "int64", "uint64"].filter((rightId) => rightId !== leftId)
    return [
      [`${id}_${leftId}`, left, left, "bool"] as const,
      ...others.map(
        (rightId) => [`${id}_${leftId}_${rightId}`, left, rightId.replace("64", ""), "bool"] as const,
      ),
    ]
  })
  const alike = (types: readonly string[]) =>
    types.map((type) => [`${id}_${type}`, type, type, "bool"] as const)
  return operator(name, ...alike(["bool"]), ...mixed, ...alike(["string", "bytes", "timestamp", "duration"]))
}

export const operatorOverloads: readonly Overload[] = [
  ...operator("_?_:_", ["conditional", "bool", "A", "A", "A"]),
  ...operator("_&&_", ["logical_and", "bool", "bool", "bool"]),
  ...operator("_||_", ["logical_or", "bool", "bool", "bool"]),
  ...operator("!_", ["logical_not", "bool", "bool"]),
  ...operator("@not_strictly_false", ["not_strictly_false", "bool", "bool"]),
  ...operator("_==_", ["equals", "A", "A", "bool"]),
  ...operator("_!=_", ["not_equals", "A", "A", "bool"]),
  ...operator(
    "_+_",
    ["add_bytes", "bytes", "bytes", "bytes"],
    ["add_double", "double", "double", "double"],
    ["add_duration_duration", "duration", "duration", "duration"],
    ["add_duration_timestamp", "duration", "timestamp", "timestamp"],
    ["add_timestamp_duration", "timestamp", "duration", "timestamp"],
    ["add_int64", "int", "int", "int"],
    ["add_list", "list(A)", "list(A)", "list(A)"],
    ["add_string", "string", "string", "string"],
    ["add_uint64", "uint", "uint", "uint"],
  ),
  ...operator(
    "_-_",
    ["subtract_double", "double", "double", "double"],
    ["subtract_duration_duration", "duration", "duration", "duration"],
    ["subtract_int64", "int", "int", "int"],
    ["subtract_timestamp_duration", "timestamp", "duration", "timestamp"],
    ["subtract_timestamp_timestamp", "timestamp", "timestamp", "duration"],
    ["subtract_uint64", "uint", "uint", "uint"],
  ),
  ...arithmetic("_*_", "multiply"),
  ...arithmetic("_/_", "divide"),
  ...operator("_%_", ["modulo_int64", "int", "int", "int"], ["modulo_uint64", "uint", "uint", "uint"]),
  ...operator("-_", ["negate_double", "double", "double"], ["negate_int64", "int", "int"]),
  ...comparison("_<_", "less"),
  ...comparison("_<=_", "less_equals"),
  ...comparison("_>_", "greater"),
  ...comparison("_>=_", "greater_equals"),
  ...operator("_[_]", ["index_list", "list(A)", "int", "A"], ["index_map", "map(A, B)", "A", "B"]),
  ...operator("_[_]", ["optional_list_index_int", "optional(list(V))", "int", "optional(V)"]),
  ...operator("_[_]", ["optional_map_index_value", "optional(map(K, V))", "K", "optional(V)"]),
  ...operator(
    "_[?_]",
    ["list_optindex_optional_int", "list(V)", "int", "optional(V)"],
    ["optional_list_optindex_optional_int", "optional(list(V))", "int", "optional(V)"],
    ["map_optindex_optional_value", "map(K, V)", "K", "optional(V)"],
    ["optional_map_optindex_optional_value", "optional(map(K, V))", "K", "optional(V)"],
  ),
  ...operator("@in", ["in_list", "A", "list(A)", "bool"], ["in_map", "A", "map(A, B)", "bool"]),
  overload("size_bytes", "size(bytes): int", none),
  overload("bytes_size", "bytes.size(): int", none),
  overload("size_list", "size(list(A)): int", none),
  overload("list_size", "list(A).size(): int", none),
  overload("size_map", "size(map(A, B)): int", none),
  overload("map_size", "map(A, B).size(): int", none),
  overload("size_string", "size(string): int", none),
  overload("string_size", "string.size(): int", none),
]

function arithmetic(name: string, id: string): Overload[] {
  const [int, uint, double] = numbers
  return operator(
    name,
    ...[double, int, uint].map(([suffix, type]) => [`${id}_${suffix}`, type, type, type] as const),
  )
}

function compare(accepts: (order: number) => boolean): AnyImplementation {
  return (a, b) => {
    const order = compareValues(a, b)
    if (order === "none") return noSuchOverload
    return order === undefined ? new CelError("NaN values cannot be ordered") : accepts(order)
  }
}

/** What operators do, for all types at once. */
export const operatorImplementations: Readonly<Record<string, AnyImplementation>> = {
  "!_": (value) => (typeof value === "boolean" ? !value : noSuchOverload),
  "@not_strictly_false": (value) => value,
  "_+_": (a, b) => add(a, b),
  "_-_": (a, b) => subtract(a, b),
  "_*_": (a, b) => multiply(a, b),
  "_/_": (a, b) => divide(a, b),
  "_%_": (a, b) => remainder(a, b),
  "-_": (a) => negate(a),
  "_<_": compare((order) => order < 0),
  "_<=_": compare((order) => order <= 0),
  "_>_": compare((order) => order > 0),
  "_>=_": compare((order) => order >= 0),
  "@in": (value, container) => isIn(value, container),
  size: (value) => {
    const size = isOpaqueValue(value) ? undefined : sizeOf(value)
    return size === undefined ? noSuchOverload : BigInt(size)
  },
}

function isOpaqueValue(value: CelValue | undefined): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "opaque"
}

function isIn(value: CelValue, container: CelValue): CelResult {
  if (isList(container)) return containsValue(container, value)
  return isMap(container) ? container.find(value) !== undefined : noSuchOverload
}
