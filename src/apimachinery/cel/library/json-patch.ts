import { overload } from "./function.ts"

/** For keys within the paths of JSON patches; in mutating policies alone. */
export const jsonPatchFunctions = [
  overload("string_jsonpatch_escapeKey_string", "jsonpatch.escapeKey(string): string", (key: string) =>
    key.replaceAll("~", "~0").replaceAll("/", "~1"),
  ),
]
