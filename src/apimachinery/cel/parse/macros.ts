import type { CelErrors } from "./cel-errors.ts"
import type { CallExpression, Expression, IdentifierExpression } from "./expression.ts"

/**
 * Macros are expanded while parsing, into folds (https://github.com/google/cel-spec/blob/master/doc/langdef.md#macros and
 * cel-go's two-variable comprehensions). The hidden accumulator cannot be written by users.
 */
export interface MacroCall {
  readonly function: string
  readonly target: Expression | undefined
  readonly args: readonly Expression[]
  readonly offset: number
  readonly errors: CelErrors
  /** `cel.bind` is one of them. */
  readonly hasBind: boolean
}

type Macro = (call: MacroCall) => Expression | undefined

export const accumulatorName = "@result"

/** The expansion; undefined when the call is none of a macro's or the macro was used wrongly, which is reported. */
export function expandMacro(call: MacroCall): Expression | "failed" | undefined {
  const macro = macros[`${call.target ? "receiver" : "global"}:${call.function}:${call.args.length}`]
  if (!macro || (macro === bind && !isBind(call))) return undefined
  return macro(call) ?? "failed"
}

const macros: Readonly<Record<string, Macro>> = {
  "global:has:1": expandHas,
  "receiver:all:2": (call) => quantifier(call, 1, "all"),
  "receiver:exists:2": (call) => quantifier(call, 1, "exists"),
  "receiver:exists_one:2": (call) => quantifier(call, 1, "existsOne"),
  "receiver:existsOne:2": (call) => quantifier(call, 1, "existsOne"),
  "receiver:all:3": (call) => quantifier(call, 2, "all"),
  "receiver:exists:3": (call) => quantifier(call, 2, "exists"),
  "receiver:exists_one:3": (call) => quantifier(call, 2, "existsOne"),
  "receiver:existsOne:3": (call) => quantifier(call, 2, "existsOne"),
  "receiver:map:2": (call) => transform(call, 1, "list", { result: call.args[1] }),
  "receiver:map:3": (call) => transform(call, 1, "list", { filter: call.args[1], result: call.args[2] }),
  "receiver:filter:2": (call) => transform(call, 1, "list", { filter: call.args[1], result: call.args[0] }),
  "receiver:transformList:3": (call) => transform(call, 2, "list", { result: call.args[2] }),
  "receiver:transformList:4": (call) =>
    transform(call, 2, "list", { filter: call.args[2], result: call.args[3] }),
  "receiver:transformMap:3": (call) => transform(call, 2, "map", { result: call.args[2] }),
  "receiver:transformMap:4": (call) =>
    transform(call, 2, "map", { filter: call.args[2], result: call.args[3] }),
  "receiver:transformMapEntry:3": (call) => transform(call, 2, "entry", { result: call.args[2] }),
  "receiver:transformMapEntry:4": (call) =>
    transform(call, 2, "entry", { filter: call.args[2], result: call.args[3] }),
  "receiver:bind:3": bind,
  "receiver:sortBy:2": sortBy,
  "receiver:optMap:2": (call) => optionalMap(call, true),
  "receiver:optFlatMap:2": (call) => optionalMap(call, false),
}

function expandHas({ args, offset, errors }: MacroCall): Expression | undefined {
  const [arg] = args
  if (arg?.kind === "select") {
    return { kind: "select", offset, operand: arg.operand, field: arg.field, testOnly: true }
  }
  errors.report(arg?.offset ?? offset, "invalid argument to has() macro")
  return undefined
}

function quantifier(
  call: MacroCall,
  variables: 1 | 2,
  kind: "all" | "exists" | "existsOne",
): Expression | undefined {
  const names = variableNames(call, variables, "argument must be a simple name")
  const predicate = call.args[variables]
  if (!names || !predicate) return undefined
  const make = builder(call)
  const one = make.literal(1n)
  const parts = {
    all: {
      initial: make.literal(true),
      condition: make.call("@not_strictly_false", make.accumulator),
      step: make.call("_&&_", make.accumulator, predicate),
      result: make.accumulator,
    },
    exists: {
      initial: make.literal(false),
      condition: make.call("@not_strictly_false", make.call("!_", make.accumulator)),
      step: make.call("_||_", make.accumulator, predicate),
      result: make.accumulator,
    },
    existsOne: {
      initial: make.literal(0n),
      condition: make.literal(true),
      step: make.call("_?_:_", predicate, make.call("_+_", make.accumulator, one), make.accumulator),
      result: make.call("_==_", make.accumulator, one),
    },
  }[kind]
  return make.comprehension(names, parts)
}

function transform(
  call: MacroCall,
  variables: 1 | 2,
  into: "list" | "map" | "entry",
  { filter, result }: { filter?: Expression | undefined; result: Expression | undefined },
): Expression | undefined {
  const what = variables === 1 ? "argument is not an identifier" : "argument must be a simple name"
  const names = variableNames(call, variables, what)
  if (!names || !result) return undefined
  const make = builder(call)
  const insert = {
    list: () => make.call("_+_", make.accumulator, make.list(result)),
    map: () => make.call("cel.@mapInsert", make.accumulator, make.identifier(names[0]), result),
    entry: () => make.call("cel.@mapInsert", make.accumulator, result),
  }[into]()
  return make.comprehension(names, {
    initial: into === "list" ? make.list() : { kind: "map", offset: call.offset, entries: [] },
    condition: make.literal(true),
    step: filter ? make.call("_?_:_", filter, insert, make.accumulator) : insert,
    result: make.accumulator,
  })
}

function isBind({ target, hasBind }: MacroCall): boolean {
  return hasBind && target?.kind === "identifier" && target.name === "cel"
}

// cel.bind(v, x, e) is: let v = x in e
function bind(call: MacroCall): Expression | undefined {
  const [variable, initial, result] = call.args
  if (variable?.kind !== "identifier" || !initial || !result) {
    call.errors.report(
      variable?.offset ?? call.offset,
      "cel.bind() variable names must be simple identifiers",
    )
    return undefined
  }
  return builder(call).binding(variable.name, initial, result)
}

// x.sortBy(v, e) is: let input = x in input.@sortByAssociatedKeys(input.map(v, e))
function sortBy(call: MacroCall): Expression | undefined {
  const { target, offset, errors } = call
  if (!target || target.kind === "literal" || target.kind === "map" || target.kind === "struct") {
    const where = "a list, identifier, comprehension, call or select expression"
    errors.report(target?.offset ?? offset, `sortBy can only be applied to ${where}`)
    return undefined
  }
  const make = builder(call)
  const input = make.identifier("@__sortBy_input__")
  const keys = transform({ ...call, target: input }, 1, "list", { result: call.args[1] })
  if (!keys) return undefined
  return make.binding("@__sortBy_input__", target, {
    kind: "call",
    offset,
    function: "@sortByAssociatedKeys",
    target: input,
    args: [keys],
  })
}

// x.optMap(v, e) is x.hasValue() ? optional.of(let v = x.value() in e) : optional.none()
function optionalMap(call: MacroCall, wrap: boolean): Expression | undefined {
  const { target, args, offset, errors } = call
  const [variable, body] = args
  if (!target || !body || variable?.kind !== "identifier") {
    errors.report(variable?.offset ?? offset, `${call.function}() variable name must be a simple identifier`)
    return undefined
  }
  const make = builder(call)
  const value: Expression = { kind: "call", offset, function: "value", target, args: [] }
  const bound = make.binding(variable.name, value, body)
  const hasValue: CallExpression = { kind: "call", offset, function: "hasValue", target, args: [] }
  const present = wrap ? make.call("optional.of", bound) : bound
  return make.call("_?_:_", hasValue, present, make.call("optional.none"))
}

type Names = readonly [string, string?]

function variableNames(call: MacroCall, count: 1 | 2, notName: string): Names | undefined {
  const { args, errors } = call
  const variables = args.slice(0, count)
  const wrong = variables.find((arg) => arg.kind !== "identifier")
  if (wrong) {
    errors.report(wrong.offset, notName)
    return undefined
  }
  const names = variables.map((variable) => (variable as IdentifierExpression).name)
  if (count === 2 && names[0] === names[1]) {
    errors.report(variables[1]?.offset ?? 0, `duplicate variable name: ${names[0]}`)
    return undefined
  }
  const taken = names.findIndex((name) => name === "__result__" || name === accumulatorName)
  if (taken >= 0) {
    errors.report(variables[taken]?.offset ?? 0, "iteration variable overwrites accumulator variable")
    return undefined
  }
  return names as unknown as Names
}

function builder({ offset, target }: MacroCall) {
  const identifier = (name: string): Expression => ({ kind: "identifier", offset, name })
  return {
    // A fold over nothing, whose accumulator is the name.
    binding: (name: string, initial: Expression, result: Expression): Expression => ({
      kind: "comprehension",
      offset,
      range: { kind: "list", offset, elements: [], optionals: new Set() },
      variable: "#unused",
      accumulator: name,
      initial,
      condition: { kind: "literal", offset, value: false },
      step: identifier(name),
      result,
    }),
    identifier,
    accumulator: identifier(accumulatorName),
    literal: (value: boolean | bigint): Expression => ({ kind: "literal", offset, value }),
    list: (...elements: Expression[]): Expression => ({
      kind: "list",
      offset,
      elements,
      optionals: new Set(),
    }),
    call: (name: string, ...args: Expression[]): Expression => ({
      kind: "call",
      offset,
      function: name,
      args,
    }),
    comprehension: (
      [variable, variable2]: Names,
      parts: { initial: Expression; condition: Expression; step: Expression; result: Expression },
    ): Expression => ({
      kind: "comprehension",
      offset,
      range: target ?? identifier(accumulatorName),
      variable,
      ...(variable2 !== undefined && { variable2 }),
      accumulator: accumulatorName,
      ...parts,
    }),
  }
}
