import { describe, expect, it } from "vitest"
import { formatCpuSet, parseCpuSet } from "../cpu-set.ts"
import { madeUpMachine } from "../made-up-machine.ts"
import { mergeHints, type TopologyPolicy } from "./merge-hints.ts"
import { parseTopologyOptions } from "./policy-options.ts"

const { numaNodes } = madeUpMachine({
  sockets: 2,
  numaNodesPerSocket: 2,
  coresPerNumaNode: 1,
  threadsPerCore: 1,
})

/** "0! 1! 0-1": preferred ones have a mark. */
const list = (text: string) =>
  text
    .split(" ")
    .filter(Boolean)
    .map((hint) => ({ nodes: parseCpuSet(hint.replace("!", "")), preferred: hint.endsWith("!") }))

const merge = (policy: TopologyPolicy, lists: readonly (string | undefined)[], preferClosest = false) => {
  const providers = lists.map((text, index) => ({
    [`r${index}`]: text === undefined ? undefined : list(text),
  }))
  const { hint, admit } = mergeHints(providers, { policy, numaNodes, preferClosest })
  const nodes = hint.nodes ? formatCpuSet(hint.nodes) : "any"
  return `${nodes}${hint.preferred ? "!" : ""}${admit ? "" : " refused"}`
}

describe("what suits every resource", () => {
  it.each<[TopologyPolicy, (string | undefined)[], string]>([
    ["best-effort", ["0! 1! 0-1", "1! 0-1"], "1!"],
    ["best-effort", ["0! 0-1", "1! 0-1"], "0"],
    ["restricted", ["0! 0-1", "1! 0-1"], "0 refused"],
    ["restricted", ["0! 1! 0-1", "0! 1! 0-1"], "0!"],
    ["restricted", ["0-1!", "0-1!"], "0-1!"],
    ["single-numa-node", ["0-1!", "0-1!"], "any refused"],
    ["single-numa-node", ["0! 1! 0-1", "1! 0-1"], "1!"],
    ["single-numa-node", ["0! 0-1", "1! 0-1"], "any refused"],
    // Who does not mind where is content with everything, who cannot be met with nothing.
    ["restricted", [undefined, "1!"], "1!"],
    ["single-numa-node", [undefined], "any!"],
    ["best-effort", ["", "1!"], "1"],
    ["restricted", ["", "1!"], "1 refused"],
  ])("with %s: %o are %s", (policy, lists, expected) => expect(merge(policy, lists)).toBe(expected))

  it("is not narrower than the widest demand needs, where nothing is preferred", () => {
    // One needs two nodes at the least: a common one alone would starve it.
    expect(merge("best-effort", ["0-1! 0-2", "0 1 0-1 0-2"])).toBe("0-1")
  })

  it("is on nodes that are close to each other, if that is wanted", () => {
    const lists = ["0,2! 2-3!"]
    expect(merge("best-effort", lists)).toBe("0,2!")
    expect(merge("best-effort", lists, true)).toBe("2-3!")
  })

  it("is anything where nobody has anything to say", () => {
    expect(mergeHints([{}, {}], { policy: "restricted", numaNodes, preferClosest: false })).toMatchObject({
      admit: true,
      hint: { preferred: true },
    })
  })
})

it.each([
  [{ "prefer-closest-numa-nodes": "perhaps" }, 'bad value for option "prefer-closest-numa-nodes"'],
  [
    { "max-allowable-numa-nodes": "4" },
    'the minimum value of "max-allowable-numa-nodes" should not be less than 8',
  ],
  [{ odd: "1" }, 'unknown Topology Manager Policy option: "odd"'],
])("options %o are refused", (options, problem) =>
  expect(() => parseTopologyOptions(options as unknown as Record<string, string>)).toThrow(problem),
)
