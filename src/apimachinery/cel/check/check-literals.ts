import { RE2JS } from "re2js"
import { parseDurationNanos } from "../../duration.ts"
import type { CelErrors } from "../parse/cel-errors.ts"
import type { CallExpression, Expression } from "../parse/expression.ts"
import { childrenOf } from "../parse/walk.ts"
import { parseTimestamp } from "../values/timestamp.ts"
import type { CheckedExpression } from "./check.ts"

/** Literals that can be judged at once: durations, timestamps, regular expressions, and lists and maps of one type. */
export function checkLiterals(checked: CheckedExpression, errors: CelErrors): void {
  visit(checked.expression, errors)
}

function visit(node: Expression, errors: CelErrors): void {
  if (node.kind === "call") checkCall(node, errors)
  for (const child of childrenOf(node)) visit(child, errors)
}

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  duration: parseDurationNanos,
  timestamp: parseTimestamp,
  matches: (pattern) => RE2JS.compile(pattern),
}

function checkCall(node: CallExpression, errors: CelErrors): void {
  const read = Object.hasOwn(readers, node.function) ? readers[node.function] : undefined
  const last = node.args.at(-1)
  if (!read || last?.kind !== "literal" || typeof last.value !== "string") return
  try {
    read(last.value)
  } catch {
    errors.report(last.offset, `invalid ${node.function} argument`)
  }
}
