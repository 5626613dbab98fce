import { throwTogether } from "./settle-all.ts"
import { messageOf } from "./message-of.ts"

/** What is done, in words that follow "cannot", and how. */
export type TakeDownStep = readonly [what: string, step: () => Promise<unknown>]

/**
 * In this order: what uses something ends before it. A step that fails does not keep the others; at the end one error says
 * which have failed and why.
 */
export async function takeDown(steps: readonly TakeDownStep[]): Promise<void> {
  const errors: Error[] = []
  for (const [what, step] of steps) {
    try {
      await step()
    } catch (error) {
      errors.push(new Error(`cannot ${what}: ${messageOf(error)}`, { cause: error }))
    }
  }
  throwTogether(errors)
}
