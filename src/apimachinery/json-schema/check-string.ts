import { checkedFormat, hasFormat } from "./formats.ts"
import type { JsonSchema } from "./json-schema.ts"
import { compilePattern } from "./patterns.ts"
import { textTooLong, type Violation, wrongType, wrongValue } from "./violation.ts"
import { messageOf } from "../../base/message-of.ts"

/** The first of length and pattern that does not hold, and the format. `path` is asked for only if something is wrong. */
export function* checkString(schema: JsonSchema, value: string, path: () => string): Iterable<Violation> {
  const { minLength, maxLength, pattern } = schema
  const length = minLength === undefined && maxLength === undefined ? 0 : characterCount(value)
  if (maxLength !== undefined && length > maxLength) yield textTooLong(path(), maxLength)
  else if (minLength !== undefined && length < minLength) {
    yield wrongValue(path(), value, `should be at least ${minLength} chars long`)
  } else if (pattern) yield* checkPattern(pattern, value, path)
  const format = checkedFormat(schema)
  if (format !== undefined && !hasFormat(format, value)) yield wrongFormat(path(), format, value)
}

function* checkPattern(pattern: string, value: string, path: () => string): Iterable<Violation> {
  try {
    if (compilePattern(pattern).test(value)) return
  } catch (error) {
    const why = messageOf(error)
    yield wrongValue(path(), value, `should match '${pattern}, but pattern is invalid: ${why}'`)
    return
  }
  yield wrongValue(path(), value, `should match '${pattern}'`)
}

/** Said of a format as of a type. */
const wrongFormat = wrongType

function characterCount(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
