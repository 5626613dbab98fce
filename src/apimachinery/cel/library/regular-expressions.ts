import { compilePattern } from "../../json-schema/patterns.ts"
import { ValueList } from "../values/collections.ts"
import { CelError, type CelResult } from "../values/value.ts"
import { overload } from "./function.ts"
import { messageOf } from "../../../base/message-of.ts"

/** Matches in time linear in the text. */
export const regularExpressionFunctions = [
  overload("string_find_string", "string.find(string): string", (text: string, pattern: string) =>
    findAll(text, pattern, 1, (found) => found[0] ?? ""),
  ),
  overload(
    "string_find_all_string",
    "string.findAll(string): list(string)",
    (text: string, pattern: string) =>
      findAll(text, pattern, Number.POSITIVE_INFINITY, (found) => new ValueList(found)),
  ),
  overload(
    "string_find_all_string_int",
    "string.findAll(string, int): list(string)",
    (text: string, pattern: string, limit: bigint) =>
      findAll(
        text,
        pattern,
        limit < 0n ? Number.POSITIVE_INFINITY : Number(limit),
        (found) => new ValueList(found),
      ),
  ),
]

function findAll(
  text: string,
  pattern: string,
  limit: number,
  resultOf: (found: readonly string[]) => CelResult,
): CelResult {
  try {
    const matcher = compilePattern(pattern).matcher(text)
    const found: string[] = []
    while (found.length < limit && matcher.find()) found.push(matcher.group() ?? "")
    return resultOf(found)
  } catch (error) {
    return new CelError(`Illegal regex: ${messageOf(error)}`)
  }
}
