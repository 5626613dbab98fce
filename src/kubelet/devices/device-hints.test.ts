import { describe, expect, it } from "vitest"
import { deviceHints, nearestFirst } from "./device-hints.ts"

const device = (id: string, ...nodes: number[]) => ({ id, nodes: new Set(nodes) })
const all = [device("a", 0), device("b", 0), device("c", 1), device("d", 1)]
const demand = { count: 2, given: undefined, reusable: [] }
const shown = (hints: ReturnType<typeof deviceHints>) =>
  hints?.map(({ nodes, preferred }) => `${[...nodes!].join()}${preferred ? "!" : ""}`)

describe("where devices can be had", () => {
  it("is where enough of them are free", () => {
    expect(shown(deviceHints(all, all, demand, [0, 1]))).toEqual(["0!", "1!", "0,1"])
    expect(shown(deviceHints(all, all.slice(1), demand, [0, 1]))).toEqual(["1!", "0,1"])
    // Were they all free, one node would do.
    expect(shown(deviceHints(all, [all[0]!, all[3]!], demand, [0, 1]))).toEqual(["0,1"])
    expect(deviceHints(all, [all[0]!], demand, [0, 1])).toEqual([])
  })

  it("is where those are that are used again", () => {
    expect(shown(deviceHints(all, all.slice(1), { ...demand, reusable: ["a"] }, [0, 1]))).toEqual([
      "0!",
      "0,1",
    ])
    expect(shown(deviceHints(all, [], { ...demand, given: ["a", "c"] }, [0, 1]))).toEqual(["0,1"])
    expect(deviceHints(all, [], { ...demand, given: ["a"] }, [0, 1])).toEqual([])
  })

  it("does not matter for those that are nowhere", () => {
    expect(deviceHints([device("a"), device("b")], [], demand, [0, 1])).toBeUndefined()
  })
})

it("gives near ones first", () => {
  const devices = [...all, device("e")]
  const ids = devices.map(({ id }) => id)
  expect(nearestFirst(ids, devices, new Set([1]))).toEqual({ near: ["c", "d"], rest: ["a", "b", "e"] })
  expect(nearestFirst(ids, devices, undefined)).toEqual({ near: [], rest: ids })
})
