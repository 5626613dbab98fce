import type { CelErrors } from "../parse/cel-errors.ts"
import type { CallExpression, Expression } from "../parse/expression.ts"
import { typeName } from "../types/cel-type.ts"
import type { CheckedExpression } from "./check.ts"

const clause = /%(?:(%)|(?:\.([0-9]*))?([^]?))/g

/** What each verb takes, and what it says of anything else. */
const verbs: Readonly<Record<string, readonly [what: string, kinds: readonly string[]]>> = {
  s: [
    "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
    "string bool bytes int uint double map list type duration timestamp null_type".split(" "),
  ],
  d: ["decimal clause can only be used on integers", ["int", "uint"]],
  f: ["fixed-point clause can only be used on doubles", ["double"]],
  e: ["scientific clause can only be used on doubles", ["double"]],
  b: ["only integers and bools can be formatted as binary", ["int", "uint", "bool"]],
  o: ["octal clause can only be used on integers", ["int", "uint"]],
  x: ["only integers, byte buffers, and strings can be formatted as hex", ["int", "uint", "string", "bytes"]],
  X: ["only integers, byte buffers, and strings can be formatted as hex", ["int", "uint", "string", "bytes"]],
}

/** A format and a list that are both written out are judged before anything is formatted. */
export function checkFormat(node: CallExpression, checked: CheckedExpression, errors: CelErrors): void {
  const { target, args } = node
  const [list] = args
  if (target?.kind !== "literal" || typeof target.value !== "string" || list?.kind !== "list") return
  let next = 0
  for (const [, percent, precision, verb = ""] of target.value.matchAll(clause)) {
    if (percent) continue
    const element = list.elements[next]
    const problem = clauseProblem(element, next, precision, verb, checked)
    if (problem) {
      errors.report(problem.isElement && element ? element.offset : node.offset, problem.message)
      return
    }
    next++
  }
  if (list.elements.length <= next) return
  const found = list.elements.length
  errors.report(node.offset, `too many arguments supplied to string.format (expected ${next}, got ${found})`)
}

function clauseProblem(
  element: Expression | undefined,
  index: number,
  precision: string | undefined,
  verb: string,
  checked: CheckedExpression,
): { message: string; isElement?: boolean } | undefined {
  if (verb === "" && precision === undefined) return { message: "unexpected end of string" }
  if (!element) return { message: `index ${index} out of range` }
  const known = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (!known)
    return { message: `could not parse formatting clause: unrecognized formatting clause "${verb}"` }
  const type = checked.typeOf(element)
  const [what, kinds] = known
  if (type.kind === "dyn" || kinds.includes(type.kind)) return undefined
  return { message: `error during formatting: ${what}, was given ${typeName(type)}`, isElement: true }
}
