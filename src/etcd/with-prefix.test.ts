import { expect, test } from "vitest"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { bytes, plain, put } from "./contract/harness.ts"
import { describeStoreContract } from "./contract/store-contract.ts"
import { createMemoryStore } from "./memory/memory-store.ts"
import { prefixEnd } from "./store.ts"
import { withPrefix } from "./with-prefix.ts"

describeStoreContract(
  "a store under another prefix",
  async () => {
    const clock = new SimulatedClock()
    const store = createMemoryStore({ clock, random: new SeededRandom("prefix") })
    const renamed = withPrefix(store, { own: "contract-", kept: "elsewhere/" })
    return { store: renamed, advance: (ms) => clock.advance(ms), close: () => renamed.close() }
  },
  { runs: 20 },
)

test("two users of one store do not see each other, and share what lies outside", async () => {
  const shared = createMemoryStore({ clock: new SimulatedClock() })
  const [a, b] = ["/a/", "/b/"].map((kept) => withPrefix(shared, { own: "/registry/", kept }))
  await a!.txn({ success: [put("/registry/pods/x", "of a")] })
  await b!.txn({ success: [put("/registry/pods/x", "of b"), put("turn", "1")] })
  const everything = { key: "/registry/", rangeEnd: prefixEnd("/registry/") }
  expect((await a!.range(everything)).kvs.map(plain)).toMatchObject([
    { key: "/registry/pods/x", value: "of a" },
  ])
  expect((await a!.range({ key: "turn" })).kvs[0]?.value).toEqual(bytes("1"))
  const { kvs } = await shared.range({ key: "\0", rangeEnd: "\0" })
  expect(kvs.map(({ key }) => key)).toEqual(["/a/pods/x", "/b/pods/x", "turn"])
})
