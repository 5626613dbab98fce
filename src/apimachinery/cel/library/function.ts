import { type CelType, parametersOf } from "../types/cel-type.ts"
import type { CelResult, CelValue } from "../values/value.ts"
import { parseSignature } from "./signature.ts"

/** One way to call a function. */
export interface Overload {
  /** Upstream's identifier; costs are charged by it. */
  readonly id: string
  readonly function: string
  readonly isMember: boolean
  /** With the receiver first. */
  readonly args: readonly CelType[]
  readonly result: CelType
  /** Names of the type parameters in it. */
  readonly parameters: readonly string[]
  readonly call: Implementation
}

/** Called with values of the declared types and never with errors. */
export type Implementation = (...args: never[]) => CelResult

/** Called with values of any type. */
export type AnyImplementation = (...args: CelValue[]) => CelResult

export interface CelFunction {
  readonly name: string
  readonly overloads: readonly Overload[]
  /** Serves all overloads and tells the types apart itself; for operators, which must be fast. */
  readonly call?: AnyImplementation
}

/**
 * Declares an overload by its signature: `int` and the like, `list(A)`, `map(K, V)`, `optional(A)`, names of types with
 * dots, and single capital letters for type parameters.
 *
 * @example
 * overload("string_char_at_int", "string.charAt(int): string", (text: string, index: bigint) => ...)
 */
export function overload(id: string, signature: string, call: Implementation): Overload {
  const { name, isMember, args, result } = parseSignature(signature)
  const parameters = new Set([...args, result].flatMap(parameterNames))
  return { id, function: name, isMember, args, result, parameters: [...parameters], call }
}

/** All functions by name. Singletons replace the dispatch of the functions they name. */
export function functionTable(
  overloads: readonly Overload[],
  singletons: Readonly<Record<string, AnyImplementation>> = {},
): ReadonlyMap<string, CelFunction> {
  const table = new Map<string, CelFunction>()
  for (const declared of overloads) {
    const { function: name } = declared
    const known = table.get(name)?.overloads ?? []
    const call = singletons[name]
    table.set(name, { name, overloads: [...known, declared], ...(call && { call }) })
  }
  return table
}

function parameterNames(type: CelType): string[] {
  return type.kind === "parameter" ? [type.name] : parametersOf(type).flatMap(parameterNames)
}
