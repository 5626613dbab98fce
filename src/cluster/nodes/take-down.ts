import type { Logger } from "../../base/log.ts"

/** What is done, in words that follow "cannot", and how. */
export type TakeDownStep = readonly [what: string, step: () => Promise<void>]

/** In this order: what uses something ends before it. A step that fails does not keep the others. */
export async function takeDown(steps: readonly TakeDownStep[], log: Logger): Promise<void> {
  for (const [what, step] of steps)
    await step().catch((error: unknown) => log.error(`cannot ${what}`, { error }))
}
