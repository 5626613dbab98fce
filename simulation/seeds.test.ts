import { beforeAll, describe, expect, test } from "vitest"
import { setMaxListeners } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { generatePlan } from "./operations/generate-plan.ts"
import type { Plan } from "./operations/operation.ts"
import { shrinkPlan } from "./shrink-plan.ts"
import { simulate } from "./simulate.ts"

beforeAll(() => setMaxListeners(0))

const patience = 60_000

const calm = { refused: 0, answerLost: 0, conflict: 0, slow: 0, watchLost: 0, watchExpired: 0, watchSlow: 0 }

describe("plans that once failed", () => {
  const directory = new URL("./pinned/", import.meta.url)
  const files = readdirSync(directory)
  test.each(files.map((file) => [file.replace(".json", "").replaceAll("-", " "), file]))(
    "%s",
    async (_name, file) => {
      const plan = JSON.parse(readFileSync(new URL(file, directory), "utf8")) as Plan
      expect((await simulate(plan)).failure).toBeUndefined()
    },
    patience,
  )
})

describe("a simulation", () => {
  test(
    "is the same each time, down to the last revision",
    async () => {
      const [first, second] = [await simulate(generatePlan("7")), await simulate(generatePlan("7"))]
      expect(second.revision).toBe(first.revision)
      expect(second.restedAtMs).toBe(first.restedAtMs)
      expect(second.faults.entries()).toEqual(first.faults.entries())
    },
    patience,
  )

  test(
    "says what is still pending when not everything comes to rest",
    async () => {
      const plan: Plan = {
        seed: "too-much",
        nodes: 1,
        rates: calm,
        stormMs: 5000,
        steps: [{ atMs: 0, operation: { kind: "create-deployment", name: "big", replicas: 12 } }],
      }
      const { failure } = await simulate(plan)
      expect(failure).toContain("deployment default/big wants 12: has 12, 12 updated, 10 available")
      expect(failure).toContain("0/1 nodes are available: 1 Insufficient cpu.")
    },
    patience,
  )
})

describe("shrinking", () => {
  test("leaves out what does not matter", async () => {
    const plan = generatePlan("3")
    const needed = plan.steps[2]!
    const smallest = await shrinkPlan(plan, async ({ steps }) => steps.includes(needed))
    expect(smallest.steps).toEqual([needed])
    expect(Object.values(smallest.rates).every((rate) => rate === 0)).toBe(true)
  })
})
