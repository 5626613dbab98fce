import { jsonEqual } from "../apimachinery/json-equal.ts"

/** Whether a part of an object says something else than before; the same value may come as another object. */
export function isChanged(current: unknown, previous: unknown): boolean {
  return current !== previous && !jsonEqual(current, previous)
}
