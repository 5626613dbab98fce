import { parseDurationNanos } from "../../duration.ts"
import { compilePattern } from "../../json-schema/patterns.ts"
import type { CelErrors } from "../parse/cel-errors.ts"
import type { CallExpression, Expression, ListExpression, MapExpression } from "../parse/expression.ts"
import { childrenOf } from "../parse/walk.ts"
import { type CelType, formatType, unwrapOptional } from "../types/cel-type.ts"
import { isExactly } from "../types/unify.ts"
import { parseTimestamp } from "../values/timestamp.ts"
import type { CheckedExpression } from "./check.ts"
import { checkFormat } from "./check-format.ts"

/**
 * What Kubernetes asks of an expression beyond its types: literals that can be judged at once (durations, timestamps,
 * regular expressions, formats), and lists and maps whose elements are all of one type.
 */
export function checkLiterals(checked: CheckedExpression, errors: CelErrors): void {
  visit(checked.expression, { checked, errors, isInFormat: false })
}

interface Visit {
  readonly checked: CheckedExpression
  readonly errors: CelErrors
  /** What is formatted may be a mixture. */
  readonly isInFormat: boolean
}

function visit(node: Expression, context: Visit): void {
  if (node.kind === "call") checkCall(node, context)
  if (node.kind === "list" && !context.isInFormat) checkList(node, context)
  if (node.kind === "map" && !context.isInFormat) checkMap(node, context)
  const isFormat = node.kind === "call" && node.function === "format"
  const inside = isFormat ? { ...context, isInFormat: true } : context
  for (const child of childrenOf(node)) visit(child, inside)
}

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  duration: parseDurationNanos,
  timestamp: parseTimestamp,
  matches: compilePattern,
}

function checkCall(node: CallExpression, { checked, errors }: Visit): void {
  if (node.function === "format") checkFormat(node, checked, errors)
  const read = Object.hasOwn(readers, node.function) ? readers[node.function] : undefined
  const last = node.args.at(-1)
  if (!read || last?.kind !== "literal" || typeof last.value !== "string") return
  try {
    read(last.value)
  } catch {
    errors.report(last.offset, `invalid ${node.function} argument`)
  }
}

function checkList({ elements, optionals }: ListExpression, { checked, errors }: Visit): void {
  const typeOf = (index: number): CelType => {
    const type = checked.typeOf(elements[index] as Expression)
    return optionals.has(index) ? unwrapOptional(type) : type
  }
  const different = elements.findIndex((_, index) => index > 0 && !isExactly(typeOf(0), typeOf(index)))
  if (different > 0) report(elements[different] as Expression, typeOf(0), typeOf(different), errors)
}

function checkMap({ entries }: MapExpression, { checked, errors }: Visit): void {
  const [first, ...rest] = entries
  if (!first) return
  const valueOf = ({ value, optional }: (typeof entries)[number]) =>
    optional ? unwrapOptional(checked.typeOf(value)) : checked.typeOf(value)
  const [key, value] = [checked.typeOf(first.key), valueOf(first)]
  for (const entry of rest) {
    const [otherKey, otherValue] = [checked.typeOf(entry.key), valueOf(entry)]
    if (!isExactly(key, otherKey)) report(entry.key, key, otherKey, errors)
    if (!isExactly(value, otherValue)) report(entry.value, value, otherValue, errors)
  }
}

function report({ offset }: Expression, expected: CelType, found: CelType, errors: CelErrors): void {
  errors.report(offset, `expected type '${formatType(expected)}' but found '${formatType(found)}'`)
}
