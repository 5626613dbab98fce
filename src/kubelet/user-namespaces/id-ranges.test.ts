import { describe, expect, it } from "vitest"
import { defaultSubordinateIds, IdRanges, parseSubordinateIds } from "./id-ranges.ts"

const ranges = (given: object = {}) =>
  new IdRanges({ firstId: 65_536, length: 3 * 65_536, idsPerPod: 65_536, maxPods: 3, ...given })

describe("ids of pods with users of their own", () => {
  it("gives each pod a range that nobody else has, and the same one again", () => {
    const given = ranges()
    expect(["a", "b", "a", "c"].map((uid) => given.allocate(uid))).toEqual([65_536, 131_072, 65_536, 196_608])
    expect(() => given.allocate("d")).toThrow("could not find an empty slot to allocate a user namespace")
    given.release("b")
    given.release("b")
    expect(given.allocate("d")).toBe(131_072)
  })

  it("does not give at once to another what was just given back", () => {
    const given = ranges()
    given.allocate("a")
    given.release("a")
    expect(given.allocate("b")).toBe(131_072)
  })

  it("keeps what an earlier run gave, and refuses what cannot have been given", () => {
    const given = ranges()
    given.record("a", 131_072, 65_536)
    given.record("a", 131_072, 65_536)
    expect(given.allocate("a")).toBe(131_072)
    expect(["b", "c"].map((uid) => given.allocate(uid))).toEqual([65_536, 196_608])
    expect(() => given.record("d", 131_072, 65_536)).toThrow('range picked for pod "d" already taken')
    expect(() => given.record("a", 65_536, 65_536)).toThrow(
      'different user namespace range already used by pod "a"',
    )
    expect(() => given.record("d", 131_072, 1000)).toThrow("wrong user namespace length 1000")
    expect(() => given.record("d", 131_073, 65_536)).toThrow("wrong user namespace offset specified 131073")
    expect(() => given.record("d", 0, 65_536)).toThrow("id 0 is out of range")
  })

  it.each([
    [{ idsPerPod: 1000 }, "kubelet user namespace length 1000 is not a multiple of 65536"],
    [{ firstId: 70_000 }, "kubelet user assigned ID 70000 is not a multiple of 65536"],
    [{ firstId: 0 }, "kubelet user assigned ID 0 must be greater or equal to 65536"],
    [{ length: 70_000 }, "kubelet user assigned IDs length 70000 is not a multiple of 65536"],
    [{ maxPods: 4 }, "kubelet user assigned IDs are not enough to support 4 pods"],
  ])("refuses %j", (given, problem) => {
    expect(() => ranges(given)).toThrow(problem)
  })

  it("has all ids but the machine's own where nobody says otherwise", () => {
    expect(defaultSubordinateIds(65_536)).toEqual({ firstId: 65_536, length: 65_535 * 65_536 })
    expect(parseSubordinateIds("0: kubelet 65536 2147483648\n")).toEqual({
      firstId: 65_536,
      length: 2_147_483_648,
    })
    expect(() => parseSubordinateIds("0: kubelet 1 2\n1: kubelet 3 4\n")).toThrow(
      "it must contain only one line",
    )
    expect(() => parseSubordinateIds("0: kubelet 1\n")).toThrow("invalid line")
    expect(() => parseSubordinateIds("0: kubelet x 2\n")).toThrow("error parsing line")
  })
})
