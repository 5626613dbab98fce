import type { Resource } from "../../apimachinery/resource.ts"
import { defaultStrategy } from "./default-strategy.ts"
import type { Strategy } from "./strategy.ts"

/** What is special about a kind; most have nothing. */
export function strategyFor(resource: Resource): Strategy {
  return defaultStrategy(resource)
}
