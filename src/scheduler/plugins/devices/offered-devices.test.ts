import { expect, test } from "vitest"
import { ResourceSlice } from "../../../api/resource/v1/resource-slice.ts"
import type { Cache } from "../../../client/cache.ts"
import type { OfferedDevice } from "./match-device.ts"
import { selectorOf } from "./offered-devices.ts"

const pool = (name: string, rest: object, devices: object[] = [{ name: "d" }]) => ({
  metadata: { name },
  spec: { driver: "gpu", pool: { name, generation: 1, resourceSliceCount: 1 }, devices, ...rest },
})
const having = (key: string, ...values: string[]) => ({
  nodeSelectorTerms: [{ matchExpressions: [{ key, operator: "In", values }] }],
})
const slices = [
  pool("everywhere", { allNodes: true }),
  pool("rack", { nodeSelector: having("rack", "1") }),
  pool("zone", { nodeSelector: having("zone", "a", "b") }),
  pool("local", { nodeName: "n1" }),
  pool("each", { perDeviceNodeSelection: true }, [
    { name: "d", allNodes: true },
    { name: "of-n2", nodeName: "n2" },
  ]),
]
const cache = { list: (resource: unknown) => (resource === ResourceSlice ? slices : []) } as unknown as Cache
const selector = (...pools: string[]) =>
  selectorOf(
    pools.map((each): OfferedDevice => {
      const [name = "", device = "d"] = each.split("/")
      return { driver: "gpu", pool: name, device: { name: device } }
    }),
    cache,
  )
const onNode = (name: string) => ({
  nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] }],
})

test("devices that all nodes reach can be used everywhere", () => {
  expect(selector("everywhere", "each")).toBeUndefined()
})

test("a single device that is on one node keeps all of them there", () => {
  expect(selector("everywhere", "rack", "local")).toEqual(onNode("n1"))
  expect(selector("each/of-n2")).toEqual(onNode("n2"))
})

test("what is told by selectors has to hold of all of them, each said once", () => {
  expect(selector("everywhere", "rack")).toEqual(having("rack", "1"))
  const [rack, zone] = [having("rack", "1"), having("zone", "a", "b")].map(
    ({ nodeSelectorTerms }) => nodeSelectorTerms[0]!.matchExpressions[0]!,
  )
  expect(selector("rack", "zone", "rack")).toEqual({
    nodeSelectorTerms: [{ matchExpressions: [rack, zone] }],
  })
})
