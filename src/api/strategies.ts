import { appsRules } from "./apps/strategies.ts"
import { batchRules } from "./batch/strategies.ts"
import { coreRules } from "./core/strategies.ts"
import type { KindRules, RulesByResource } from "./validation/kind-rules.ts"

const rulesByGroup: Readonly<Record<string, RulesByResource>> = {
  "": coreRules,
  apps: appsRules,
  batch: batchRules,
}

/** What is special about writing objects of a kind; most kinds have something. */
export function rulesFor({ group, plural }: { readonly group: string; readonly plural: string }): KindRules {
  return rulesByGroup[group]?.[plural] ?? {}
}
