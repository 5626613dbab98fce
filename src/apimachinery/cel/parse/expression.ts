import type { CelLiteral } from "../values/value.ts"

/**
 * A parsed expression. Macros are expanded already: what is left are the eight forms of CEL's abstract syntax
 * (https://github.com/google/cel-spec/blob/master/doc/langdef.md#abstract-syntax). `offset` is where errors about the
 * node point to, in UTF-16 units from the start of the source.
 */
export type Expression =
  | LiteralExpression
  | IdentifierExpression
  | SelectExpression
  | CallExpression
  | ListExpression
  | MapExpression
  | StructExpression
  | ComprehensionExpression

export interface LiteralExpression {
  readonly kind: "literal"
  readonly offset: number
  readonly value: CelLiteral
}

export interface IdentifierExpression {
  readonly kind: "identifier"
  readonly offset: number
  /** Starts with a dot when it was written so: looked up in the root container only. */
  readonly name: string
}

export interface SelectExpression {
  readonly kind: "select"
  readonly offset: number
  readonly operand: Expression
  readonly field: string
  /** `has(operand.field)` */
  readonly testOnly: boolean
}

export interface CallExpression {
  readonly kind: "call"
  readonly offset: number
  readonly function: string
  readonly target?: Expression
  readonly args: readonly Expression[]
}

export interface ListExpression {
  readonly kind: "list"
  readonly offset: number
  readonly elements: readonly Expression[]
  /** Indices of elements that were written `?element`. */
  readonly optionals: ReadonlySet<number>
}

export interface MapEntry {
  readonly offset: number
  readonly key: Expression
  readonly value: Expression
  readonly optional: boolean
}

export interface MapExpression {
  readonly kind: "map"
  readonly offset: number
  readonly entries: readonly MapEntry[]
}

export interface StructField {
  readonly offset: number
  readonly name: string
  readonly value: Expression
  readonly optional: boolean
}

export interface StructExpression {
  readonly kind: "struct"
  readonly offset: number
  readonly typeName: string
  readonly fields: readonly StructField[]
}

/** A fold over a list or a map's entries, what all macros with a variable become. */
export interface ComprehensionExpression {
  readonly kind: "comprehension"
  readonly offset: number
  readonly range: Expression
  readonly variable: string
  readonly variable2?: string
  readonly accumulator: string
  readonly initial: Expression
  readonly condition: Expression
  readonly step: Expression
  readonly result: Expression
}
