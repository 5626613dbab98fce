/**
 * What a call costs at run time, as upstream charges it: cel-go's costs for the language and Kubernetes' for its libraries.
 * Limits are part of the API, so the numbers are too. A unit is about 50 ns of a server's time.
 */
import { sortable } from "./sortable.ts"
import { elementsOf } from "../values/collections.ts"
import { CelOptional, type CelResult, isList, isMap, sizeOf } from "../values/value.ts"

export const stringTraversalFactor = 0.1
export const regexLengthFactor = 0.25
export const identifierCost = 1
export const listCreationCost = 10
export const mapCreationCost = 30
export const objectCreationCost = 40
export const authorizationCheckCost = 350_000

/** Of a call with these values and this result. */
export type CallCost = (args: readonly CelResult[], result: CelResult) => number

/** Undefined when the call costs one unit whatever it is called with. */
export function findCallCost(functionName: string, overloadId: string | undefined): CallCost | undefined {
  if (overloadId !== undefined && Object.hasOwn(kubernetesOverloads, overloadId))
    return kubernetesOverloads[overloadId]
  if (Object.hasOwn(kubernetesFunctions, functionName)) return kubernetesFunctions[functionName]
  return overloadId !== undefined && Object.hasOwn(languageOverloads, overloadId)
    ? languageOverloads[overloadId]
    : undefined
}

const size = (value: CelResult | undefined): number => (value === undefined ? 1 : (sizeOf(value) ?? 1))
const traverse = (length: number, times = 1): number => Math.ceil(length * times * stringTraversalFactor)

const nominal: CallCost = () => 1
const traverseFirst: CallCost = ([text]) => traverse(size(text))
const traverseFirstTwice: CallCost = ([text]) => traverse(size(text), 2)
const traverseData: CallCost = ([value]) => (value === undefined ? 0 : dataCost(value))

const matchRegex: CallCost = ([text, pattern]) =>
  Math.ceil((1 + size(text)) * stringTraversalFactor) * Math.ceil(size(pattern) * regexLengthFactor)

// A selector is a list of requirements; the shortest takes two characters.
const parseSelector: CallCost = ([, selector]) => selectorCost(size(selector))

export function selectorCost(length: number): number {
  const requirements = Math.ceil(length * 0.5)
  return (
    listCreationCost + traverse(length) + Math.ceil(requirements * (listCreationCost + objectCreationCost))
  )
}

const containsAddress =
  (mask: number, parses: boolean): CallCost =>
  ([cidr, other]) =>
    traverse(size(cidr), 2) + (mask > 0 ? traverse(size(cidr)) + 1 : 0) + (parses ? traverse(size(other)) : 0)

const validateFormat: CallCost = ([format, text]) => {
  const regexSize =
    format !== null && typeof format === "object" && "maxRegexSize" in format
      ? Number(format.maxRegexSize)
      : 0
  return Math.ceil((1 + size(text)) * stringTraversalFactor) * Math.ceil(regexSize * regexLengthFactor)
}

const allocating = (elements: number, factor: number) => Math.trunc(elements * factor) + 1 + listCreationCost

const byResult: CallCost = (_, result) => allocating(size(result), 1)
const flattening: CallCost = ([list, depth]) =>
  allocating(size(list), typeof depth === "bigint" ? Number(depth) : 1)

const selfComparing: CallCost = (args) => {
  const list = args.at(-1)
  const first = list !== undefined && isList(list) && list.size > 0 ? list.at(0) : null
  const isText = typeof first === "string" || first instanceof Uint8Array
  return allocating(size(list) ** 2, isText ? 2 + stringTraversalFactor : 2)
}

const sets =
  (factor: number): CallCost =>
  ([a, b]) =>
    1 + size(a) * size(b) * factor

const kubernetesOverloads: Readonly<Record<string, CallCost>> = {
  ...each(["list_sets_contains_list", "list_sets_intersects_list"], sets(1)),
  list_sets_equivalent_list: sets(2),
  ...each(["list_slice", "lists_range", "list_reverse"], byResult),
  ...each(["list_flatten", "list_flatten_int"], flattening),
  list_distinct: selfComparing,
  ...each(
    sortable.flatMap((type) => [`list_${type}_sort`, `list_${type}_sortByAssociatedKeys`]),
    selfComparing,
  ),
  cidr_ip: nominal,
  cidr_contains_ip_string: containsAddress(0, true),
  cidr_contains_cidr_string: containsAddress(1, true),
}

const kubernetesFunctions: Readonly<Record<string, CallCost>> = {
  check: () => authorizationCheckCost,
  ...each(["fieldSelector", "labelSelector"], parseSelector),
  ...each(["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"], traverseData),
  ...each(["url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey"], traverseFirst),
  ...each(["replace", "split", "ip.isCanonical"], traverseFirstTwice),
  join: (_, result) => traverse(size(result), 2),
  ...each(["find", "findAll"], matchRegex),
  ...each(["cidr", "isIP", "isCIDR", "ip"], traverseFirst),
  ...each(["quantity", "isQuantity", "semver", "isSemver"], traverseFirst),
  containsIP: containsAddress(0, false),
  containsCIDR: containsAddress(1, false),
  validate: validateFormat,
}

const smallerTraversed: CallCost = ([a, b]) => traverse(Math.min(size(a), size(b)))

/** Comparing values of the libraries does not walk them. */
export const equalityCost: CallCost = (args) => {
  const [first] = args
  const isOpaque = typeof first === "object" && first !== null && "kind" in first && first.kind === "opaque"
  return isOpaque ? 1 : traverse(Math.min(sizeWithin(args[0]), sizeWithin(args[1])))
}

// cel-go's own size looks into optionals.
function sizeWithin(value: CelResult | undefined): number {
  if (value instanceof CelOptional && value.value !== undefined) return sizeWithin(value.value)
  return size(value)
}

const languageOverloads: Readonly<Record<string, CallCost>> = {
  ...each(["starts_with_string", "ends_with_string", "string_to_bytes", "bytes_to_string"], traverseFirst),
  ...each(["strings_quote", "string_format"], traverseFirst),
  in_list: ([, list]) => size(list),
  ...each(
    ["less", "greater", "less_equals", "greater_equals"].flatMap((name) => [
      `${name}_string`,
      `${name}_bytes`,
    ]),
    smallerTraversed,
  ),
  ...each(["add_string", "add_bytes"], ([a, b]) => traverse(size(a) + size(b))),
  matches_string: matchRegex,
  contains_string: ([text, part]) => traverse(size(text)) * traverse(size(part)),
}

function each(names: readonly string[], cost: CallCost): Record<string, CallCost> {
  return Object.fromEntries(names.map((name) => [name, cost]))
}

// Of walking all that is in a value.
function dataCost(value: CelResult): number {
  if (typeof value === "string")
    return Math.trunc(new TextEncoder().encode(value).length * stringTraversalFactor)
  if (value instanceof Uint8Array) return Math.trunc(value.length * stringTraversalFactor)
  let cost = 0
  if (isList(value)) {
    for (const element of elementsOf(value)) cost += dataCost(element)
    return cost
  }
  if (!isMap(value)) return 1
  for (const key of value.entryKeys()) cost += dataCost(key) + dataCost(value.find(key) ?? null)
  return cost
}
