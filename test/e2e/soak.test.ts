import { expect, test } from "vitest"
import { soak } from "../soak/soak.ts"
import { whyNoContainers } from "./cluster.ts"

// A minute of what `npm run soak` does for as long as one likes; its seed is one in which everything is killed once.
test.skipIf(whyNoContainers())(
  "churn and kills leave nothing behind, and everything comes to rest",
  async () => {
    const said: string[] = []
    const options = { minutes: 0.9, nodes: 2, seed: "4", pods: 10 }
    const { findings, rounds } = await soak(options, (line) => said.push(line))
    expect(findings, said.join("\n")).toEqual([])
    expect(rounds.length).toBeGreaterThan(0)
  },
  300_000,
)
