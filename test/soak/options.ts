import { parseArgs } from "node:util"

export interface SoakOptions {
  /** How long there is churn; warming up, cleaning up and the last look come on top. */
  readonly minutes: number
  readonly nodes: number
  readonly seed: string
  /** How much may run at a time, in pods. */
  readonly pods: number
}

export const usage = `npm run soak -- [--minutes 5] [--nodes 3] [--seed TEXT] [--pods 18]

Churn on a real cluster of its own until the time is up, with things killed at random; then everything is taken away, and
whatever is left is told. The same seed gives the same wishes and faults, as far as the machine's own haste lets it.
`

/** Throws with what is wrong. */
export function parseOptions(args: readonly string[], newSeed: () => string): SoakOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "5" },
      nodes: { type: "string", default: "3" },
      seed: { type: "string" },
      pods: { type: "string", default: "18" },
    },
  })
  return {
    minutes: positive("minutes", values.minutes),
    nodes: positive("nodes", values.nodes),
    seed: values.seed ?? newSeed(),
    pods: positive("pods", values.pods),
  }
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} must be more than 0, not "${text}"`)
  return value
}
