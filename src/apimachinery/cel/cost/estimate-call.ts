/** Bounds of what calls cost; the counterpart of call-cost.ts, where the values are not known. */
import { sortable } from "./sortable.ts"
import type { Expression } from "../parse/expression.ts"
import type { CelType } from "../types/cel-type.ts"
import {
  authorizationCheckCost,
  listCreationCost,
  objectCreationCost,
  regexLengthFactor,
  stringTraversalFactor,
} from "./call-cost.ts"
import { declaredSizeOf } from "./declared-size.ts"
import {
  addEstimates,
  type CostEstimate,
  fixed,
  maxCost,
  multiplyEstimates,
  scale,
  type SizeEstimate,
  unionEstimates,
  unknownSize,
} from "./size.ts"

/** An argument, and what is known of its size. */
export interface SizedNode {
  readonly expression: Expression
  readonly type: CelType
  readonly declared: CelType | undefined
  readonly size: SizeEstimate | undefined
}

export interface CallEstimate {
  readonly cost: CostEstimate
  /** Of the result. */
  readonly size?: SizeEstimate
}

/** `costs` are those of the arguments; the receiver's is not counted. */
export function estimateCall(
  name: string,
  id: string,
  target: SizedNode | undefined,
  args: readonly SizedNode[],
  costs: readonly CostEstimate[],
): CallEstimate {
  if (id === "logical_or" || id === "logical_and") return { cost: logicalCost(costs) }
  if (id === "conditional") return conditional(args, costs)
  const own = (overloads[id] ?? functions[name] ?? languageOverloads[id])?.(target, args, id) ?? {
    cost: fixed(1),
  }
  return { ...own, cost: addEstimates(own.cost, ...costs) }
}

// One side may decide alone.
function logicalCost([left = fixed(0), right = fixed(0)]: readonly CostEstimate[]): CostEstimate {
  return { min: left.min, max: addEstimates(left, right).max }
}

function conditional(
  [, ifTrue, ifFalse]: readonly SizedNode[],
  [condition = fixed(0), first = fixed(0), second = fixed(0)]: readonly CostEstimate[],
): CallEstimate {
  return {
    cost: addEstimates(condition, unionEstimates(first, second)),
    size: unionEstimates(sizeOf(ifTrue), sizeOf(ifFalse)),
  }
}

type Estimate = (
  target: SizedNode | undefined,
  args: readonly SizedNode[],
  id: string,
) => CallEstimate | undefined

function sizeOf(node: SizedNode | undefined): SizeEstimate {
  return node?.size ?? unknownSize
}

const traverse = (size: SizeEstimate, times = 1) => scale(size, times * stringTraversalFactor)

const nominal: Estimate = () => ({ cost: fixed(1) })
const traverseArg: Estimate = (_, [text]) => ({ cost: traverse(sizeOf(text)) })
const traverseArgKept: Estimate = (_, [text]) => ({ cost: traverse(sizeOf(text)), size: sizeOf(text) })
const traverseTarget: Estimate = (target) =>
  target && { cost: traverse(sizeOf(target)), size: sizeOf(target) }

const matchRegex: Estimate = (target, [pattern]) =>
  target && pattern && { cost: regexCost(sizeOf(target), sizeOf(pattern)) }

function regexCost(text: SizeEstimate, pattern: SizeEstimate): CostEstimate {
  return multiplyEstimates(traverse(addEstimates(text, fixed(1))), scale(pattern, regexLengthFactor))
}

const findRegex: Estimate = (target, [pattern]) =>
  target &&
  pattern && { cost: regexCost(sizeOf(target), sizeOf(pattern)), size: { min: 0, max: sizeOf(target).max } }

const selector: Estimate = (_, [text]) => {
  const requirements = scale(sizeOf(text), 0.5)
  const requirementCost = scale(requirements, listCreationCost + objectCreationCost)
  return { cost: addEstimates(fixed(listCreationCost), traverse(sizeOf(text)), requirementCost) }
}

// Charged for each element, and for what comparing texts takes.
const traverseList: Estimate = (target) => {
  if (!target) return undefined
  if (target.type.kind !== "list") return { cost: traverse(sizeOf(target)) }
  const { element } = target.type
  const isText = element.kind === "string" || element.kind === "bytes"
  const each = isText ? addEstimates(fixed(1), traverse(elementSize(target))) : fixed(1)
  return { cost: multiplyEstimates(sizeOf(target), each) }
}

function elementSize({ declared }: SizedNode): SizeEstimate {
  return (declared?.kind === "list" ? declaredSizeOf(declared.element) : undefined) ?? unknownSize
}

const replace: Estimate = (target, [from, to]) => {
  if (!target || !from || !to) return undefined
  const text = sizeOf(target)
  const longest = replacedSize(text.max, sizeOf(from).min, sizeOf(to).max, (longer) => longer)
  const shortest = shortestReplaced(text.min, sizeOf(from).max, sizeOf(to).min)
  return { cost: traverse(text, 2), size: { min: shortest, max: longest } }
}

// An empty text stands around every character.
function replacedSize(text: number, from: number, to: number, pick: (size: number) => number): number {
  if (from === 0) return pick(saturate((text < maxCost ? text + 1 : text) * to + text))
  return to <= from ? text : saturate(Math.ceil(text / from) * to)
}

function shortestReplaced(text: number, from: number, to: number): number {
  if (from === 0) return saturate((text < maxCost ? text + 1 : text) * to + text)
  return from <= to ? text : saturate(Math.ceil(text / from) * to)
}

function saturate(value: number): number {
  return Math.min(value, maxCost)
}

const split: Estimate = (target, [, limit]) => {
  if (!target) return undefined
  const literal = limit?.expression.kind === "literal" ? limit.expression.value : undefined
  const most = typeof literal === "bigint" ? (literal < 0n ? maxCost : Number(literal)) : sizeOf(target).max
  return { cost: traverse(sizeOf(target), 2), size: { min: 0, max: most } }
}

const join: Estimate = (target, [separator]) => {
  if (!target) return undefined
  const list = sizeOf(target)
  const elements = multiplyEstimates(list, elementSize(target))
  const gaps = { min: Math.max(list.min - 1, 0), max: Math.max(list.max - 1, 0) }
  const size = separator ? addEstimates(elements, multiplyEstimates(sizeOf(separator), gaps)) : elements
  return { cost: traverse(size), size }
}

const addressBytes: SizeEstimate = { min: 4, max: 16 }

const contains =
  (masks: boolean): Estimate =>
  (_, [other], id) => {
    const compared = traverse(addEstimates(addressBytes, addressBytes))
    const masked = masks ? addEstimates(traverse(addressBytes), fixed(1)) : fixed(0)
    const parsed = id.endsWith("_string") ? scale(sizeOf(other), stringTraversalFactor) : fixed(0)
    return { cost: addEstimates(compared, masked, parsed) }
  }

const maxFormatSize = 64
const longestFormatRegex = 128

const equality: Estimate = (_, [left, right]) => {
  if (left && right && left.type.kind === "opaque" && sameOpaque(left.type, right.type)) {
    const special = opaqueEquality(left.type.name, right)
    if (special) return { cost: special }
  }
  return { cost: smallerTraversed(sizeOf(left), sizeOf(right)) }
}

function sameOpaque(a: CelType, b: CelType): boolean {
  return a.kind === "opaque" && b.kind === "opaque" && a.name === b.name
}

function opaqueEquality(name: string, right: SizedNode): CostEstimate | undefined {
  if (name === "optional_type") return undefined
  if (name === "kubernetes.NamedFormat") return traverse({ min: 1, max: maxFormatSize })
  if (name === "kubernetes.URL") return traverse({ min: 1, max: right.size?.max ?? 1 })
  return fixed(1)
}

function smallerTraversed(left: SizeEstimate, right: SizeEstimate): CostEstimate {
  const max = Math.min(left.max, right.max)
  return traverse({ min: max > 0 ? 1 : 0, max })
}

const ordering: Estimate = (_, [left, right]) => ({ cost: smallerTraversed(sizeOf(left), sizeOf(right)) })

const concatenation: Estimate = (_, [left, right]) => {
  const size = addEstimates(sizeOf(left), sizeOf(right))
  return { cost: traverse(size), size }
}

function allocating(size: SizeEstimate, factor: number): CallEstimate {
  return { cost: addEstimates(scale(size, factor), fixed(1), fixed(listCreationCost)), size }
}

const square = (size: SizeEstimate) => multiplyEstimates(size, size)

const sets =
  (factor: number): Estimate =>
  (_, [left, right]) => ({
    cost: addEstimates(scale(multiplyEstimates(sizeOf(left), sizeOf(right)), factor), fixed(1)),
  })

const sorting =
  (isText: boolean): Estimate =>
  (target, [keys]) =>
    allocating(square(sizeOf(keys ?? target)), isText ? 2 + stringTraversalFactor : 2)

function literalInt(node: SizedNode | undefined, otherwise: number): number {
  const value = node?.expression.kind === "literal" ? node.expression.value : undefined
  return typeof value === "bigint" ? Math.max(Number(value), 0) : otherwise
}

function each(names: readonly string[], estimate: Estimate): Record<string, Estimate> {
  return Object.fromEntries(names.map((name) => [name, estimate]))
}

/** Before Kubernetes' own, as in cel-go, where extensions bring their estimates along. */
const overloads: Readonly<Record<string, Estimate>> = {
  ...each(["list_sets_contains_list", "list_sets_intersects_list"], sets(1)),
  list_sets_equivalent_list: sets(2),
  list_slice: (target, [start, end]) => {
    const from = literalInt(start, 0)
    return allocating(fixed(Math.max(literalInt(end, sizeOf(target).max) - from, 0)), 1)
  },
  ...each(["list_flatten", "list_flatten_int"], (target, [depth]) =>
    allocating(sizeOf(target), depth ? literalInt(depth, maxCost) : 1),
  ),
  lists_range: (_, [length]) => allocating(fixed(literalInt(length, maxCost)), 1),
  list_reverse: (target) => allocating(sizeOf(target), 1),
  list_distinct: (target) => allocating(square(sizeOf(target)), 2),
  ...Object.fromEntries(
    sortable.flatMap((type) => {
      const estimate = sorting(type === "string" || type === "bytes")
      return [`list_${type}_sort`, `list_${type}_sortByAssociatedKeys`].map((id) => [id, estimate] as const)
    }),
  ),
}

const functions: Readonly<Record<string, Estimate>> = {
  check: () => ({ cost: fixed(authorizationCheckCost) }),
  ...each(["fieldSelector", "labelSelector"], selector),
  ...each(["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"], traverseList),
  ...each(["url", "jsonpatch.escapeKey"], traverseArgKept),
  ...each(["lowerAscii", "upperAscii", "substring", "trim"], traverseTarget),
  replace,
  split,
  join,
  ...each(["find", "findAll"], findRegex),
  ...each(["cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"], traverseArg),
  ip: (target, args, id) => (id === "cidr_ip" ? nominal(target, args, id) : traverseArg(target, args, id)),
  "ip.isCanonical": (_, [text]) => ({ cost: traverse(sizeOf(text), 2) }),
  containsIP: contains(false),
  containsCIDR: contains(true),
  validate: (_, [text]) => ({ cost: scale(traverse(sizeOf(text)), longestFormatRegex * regexLengthFactor) }),
  "_==_": equality,
}

const languageOverloads: Readonly<Record<string, Estimate>> = {
  string_format: (target) => target && { cost: traverse(sizeOf(target)) },
  string_to_bytes: (_, [text]) => {
    const { min, max } = sizeOf(text)
    return { cost: traverse(sizeOf(text)), size: { min, max: saturate(max * 4) } }
  },
  bytes_to_string: (_, [bytes]) => {
    const { min, max } = sizeOf(bytes)
    return { cost: traverse(sizeOf(bytes)), size: { min: Math.floor(min / 4), max } }
  },
  strings_quote: (_, [text]) => {
    const { min, max } = sizeOf(text)
    // Upstream's sum overflows to nothing where the size is not known.
    const most = max >= maxCost ? 0 : max * 2 + 2
    return { cost: traverse(sizeOf(text)), size: { min: min + 2, max: most } }
  },
  ...each(["starts_with_string", "ends_with_string"], (_, [part]) => ({ cost: traverse(sizeOf(part)) })),
  in_list: (_, [, list]) => ({ cost: scale(sizeOf(list), 1) }),
  matches_string: matchRegex,
  contains_string: (target, [part]) =>
    target && part && { cost: multiplyEstimates(traverse(sizeOf(target)), traverse(sizeOf(part))) },
  add_list: (_, [left, right]) => ({ cost: fixed(1), size: addEstimates(sizeOf(left), sizeOf(right)) }),
  ...each(["add_string", "add_bytes"], concatenation),
  ...each(
    ["less", "greater", "less_equals", "greater_equals"].flatMap((name) => [
      `${name}_string`,
      `${name}_bytes`,
    ]),
    ordering,
  ),
  not_equals: ordering,
}
