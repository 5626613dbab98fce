import { compilePattern } from "../../json-schema/patterns.ts"
import { CelError, type CelResult } from "../values/value.ts"
import { overload } from "./function.ts"
import { messageOf } from "../../../base/message-of.ts"

/** The functions on strings that belong to the language. */
export const textFunctions = [
  overload("contains_string", "string.contains(string): bool", (text: string, part: string) =>
    text.includes(part),
  ),
  overload("ends_with_string", "string.endsWith(string): bool", (text: string, part: string) =>
    text.endsWith(part),
  ),
  overload("starts_with_string", "string.startsWith(string): bool", (text: string, part: string) =>
    text.startsWith(part),
  ),
  overload("matches", "matches(string, string): bool", matches),
  overload("matches_string", "string.matches(string): bool", matches),
]

function matches(text: string, pattern: string): CelResult {
  try {
    return compilePattern(pattern).test(text)
  } catch (error) {
    return new CelError(messageOf(error))
  }
}
