import { forbiddenValue, unsupportedValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]

export const volumeModes = ["Block", "Filesystem"]

/** One pod alone means: not also in another way. */
export function* validateAccessModes(modes: readonly string[], path: FieldPath): Errors {
  for (const mode of modes) if (!accessModes.includes(mode)) yield unsupportedValue(path, mode, accessModes)
  const known = modes.filter((mode) => accessModes.includes(mode))
  const isAlone = known.every((mode) => mode === "ReadWriteOncePod")
  if (known.includes("ReadWriteOncePod") && !isAlone) {
    yield forbiddenValue(path, "may not use ReadWriteOncePod with other access modes")
  }
}
