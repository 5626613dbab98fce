import type { CelType } from "../types/cel-type.ts"
import type { SizeEstimate } from "./size.ts"

/** The size that the type of a part of a variable promises; undefined where the type comes of no schema. */
export function declaredSizeOf(type: CelType): SizeEstimate | undefined {
  return "maxSize" in type && type.maxSize !== undefined ? { min: 0, max: type.maxSize } : undefined
}
