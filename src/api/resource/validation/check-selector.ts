import { forbiddenValue, invalidValue } from "../../../apimachinery/field-error.ts"
import { compileSelector } from "../cel/compile-selector.ts"
import type { SelectorCheck } from "./configuration.ts"

const maxCost = 1_000_000

/** Does it compile, and is it cheap enough for every device of a cluster? */
export const checkSelector: SelectorCheck = function* (expression, path) {
  const compiled = compileSelector(expression)
  if (!compiled.ok) yield invalidValue(path, expression, compiled.detail)
  else if (compiled.program.estimateCost().max > maxCost) {
    yield forbiddenValue(path, "too complex, exceeds cost limit")
  }
}
