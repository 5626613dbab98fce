import { invalidValue } from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import { type Errors, nonNegative } from "./checks.ts"

export type Counts<K extends string> = { readonly [name in K]?: number | undefined }

/** What a controller counted. */
export function* nonNegativeCounts<K extends string>(
  counts: Counts<K>,
  names: readonly K[],
  path: FieldPath,
): Errors {
  for (const name of names) yield* nonNegative(counts[name], path.child(name))
}

/** Parts are not more than the whole. */
export function* notMoreThan<K extends string>(
  counts: Counts<K>,
  parts: readonly K[],
  whole: K,
  path: FieldPath,
  wholeText: string = whole,
): Errors {
  for (const part of parts) {
    const count = counts[part] ?? 0
    if (count <= (counts[whole] ?? 0)) continue
    yield invalidValue(path.child(part), count, `cannot be greater than ${wholeText}`)
  }
}

/** It keeps names of what a controller makes apart, so it only ever grows. */
export function* collisionCount(
  counts: Counts<"collisionCount">,
  old: Counts<"collisionCount">,
  path: FieldPath,
): Errors {
  const { collisionCount: now = 0 } = counts
  if (old.collisionCount === undefined || now >= old.collisionCount) return
  yield invalidValue(path.child("collisionCount"), now, "cannot be decremented")
}
