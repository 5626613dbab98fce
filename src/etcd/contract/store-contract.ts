import { afterAll, beforeAll, describe } from "vitest"
import type { ContractOptions, Harness, OpenHarness } from "./harness.ts"
import { describeHistories } from "./histories.ts"
import { describeLeases } from "./leases.ts"
import { describeReadsAndWrites } from "./reads-and-writes.ts"
import { describeWatches } from "./watches.ts"

/**
 * Registers the tests that every Store must pass.
 *
 * @param open a store that nobody else writes to; called a few times
 */
export function describeStoreContract(name: string, open: OpenHarness, options: ContractOptions = {}): void {
  describe(`${name} keeps the store's contract`, () => {
    let harness: Harness
    beforeAll(async () => {
      harness = await open()
    })
    afterAll(() => harness.close())
    describeReadsAndWrites(() => harness)
    describeWatches(() => harness)
    describeLeases(() => harness)
    describeHistories(open, options)
  })
}
