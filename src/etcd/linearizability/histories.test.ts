/** Histories of our own stores; those of a real cluster with faults are in remote/cluster.test.ts. */
import { expect, test } from "vitest"
import { realClock } from "../../base/real/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { TestDirectory } from "../embedded/test-directory.ts"
import type { Store } from "../store.ts"
import { checkHistory } from "./check-history.ts"
import { recordHistory } from "./record-history.ts"

const nextTurn = () => new Promise<void>((resolve) => realClock.soon(resolve))

async function record(store: Store) {
  const recording = recordHistory({
    clock: realClock,
    random: new SeededRandom("histories"),
    pause: nextTurn,
    stores: Array.from({ length: 8 }, () => store),
    keys: ["a", "b", "c"],
  })
  while (recording.history.length < 400) await nextTurn()
  return recording.stop()
}

test("the embedded store is linearizable", async () => {
  const directory = new TestDirectory()
  const store = await directory.open({ logFileBytes: 10_000, historyBytes: 20_000 })
  const history = await record(store)
  expect(checkHistory(history)).toEqual({ linearizable: true })
  await directory.remove()
})

test("a store that reads what is old is not", async () => {
  const directory = new TestDirectory()
  const store = await directory.open()
  const stale: Store = {
    ...bound(store),
    range: async (request) => {
      const revision = Math.max((await store.currentRevision()) - 1, 1)
      return store.range({ ...request, revision })
    },
  }
  expect(checkHistory(await record(stale))).toMatchObject({ linearizable: false })
  await directory.remove()
})

function bound(store: Store): Store {
  return {
    range: (request) => store.range(request),
    txn: (request) => store.txn(request),
    watch: (request) => store.watch(request),
    compact: (revision) => store.compact(revision),
    currentRevision: () => store.currentRevision(),
    leases: store.leases,
    close: () => store.close(),
  }
}
