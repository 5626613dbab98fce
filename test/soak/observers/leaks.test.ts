import { expect, it } from "vitest"
import { compare } from "./leaks.ts"

const objects = (named: Record<string, string[]>, count: number) => ({
  node: "n",
  named,
  perSandbox: { shim: count },
})

it("what belongs to a pod is no leak", () => {
  const known = new Set(["a", "b"])
  expect(compare(objects({ cgroup: ["a"], "log directory": ["a", "b"] }, 1), known, new Set(["a"]))).toEqual(
    [],
  )
})

it("what belongs to nobody is, and what an ended pod has no use for", () => {
  const known = new Set(["a", "b"])
  expect(compare(objects({ cgroup: ["b"], "log directory": ["c"] }, 2), known, new Set(["a"]))).toEqual([
    "n: cgroup of b",
    "n: log directory of c",
    "n: 2 × shim for 1 pods",
  ])
})
