import { describe, expect, test } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { put } from "../contract/harness.ts"
import { describeStoreContract } from "../contract/store-contract.ts"
import { WatchRecorder } from "../contract/watch-recorder.ts"
import { createEtcdServer } from "../grpc/etcd-server.ts"
import { createMemoryStore } from "../memory/memory-store.ts"
import type { Store } from "../store.ts"
import { createRemoteStore } from "./remote-store.ts"
import { canRunEtcd, TestEtcd } from "./test-etcd.ts"

const wait = (milliseconds: number) => new Promise<void>((resolve) => realClock.after(milliseconds, resolve))
const connect = (endpoints: readonly string[]): Store =>
  createRemoteStore({ endpoints, clock: realClock, log: silentLogger })

describeStoreContract(
  "our own etcd server",
  async () => {
    const clock = new SimulatedClock()
    const store = createMemoryStore({ clock })
    const server = createEtcdServer({ store, clock })
    const remote = connect([await server.listen(0, "127.0.0.1")])
    const close = async () => {
      await remote.close()
      await server.close()
      await store.close()
    }
    const advance = async (ms: number) => {
      await clock.advance(ms)
      await wait(1)
    }
    return { store: remote, advance, close }
  },
  { runs: 20, operations: 40 },
)

const hasEtcd = canRunEtcd()
if (!hasEtcd) console.log("skipped: etcd is not installed (Debian: apt-get install etcd-server)")

describe.skipIf(!hasEtcd)("with a real etcd", () => {
  describeStoreContract(
    "etcd",
    async () => {
      const cluster = await TestEtcd.start()
      const store = connect(cluster.endpoints)
      await store.currentRevision()
      const close = async () => {
        await store.close()
        await cluster.remove()
      }
      return { store, advance: wait, close }
    },
    { runs: 10, operations: 40 },
  )
})

describe("when the server goes away", () => {
  test("a watch goes on where it was, reads wait, and nothing is told twice", async () => {
    const store = createMemoryStore({ clock: realClock })
    let server = createEtcdServer({ store, clock: realClock })
    const endpoint = await server.listen(0, "127.0.0.1")
    const port = Number(new URL(endpoint).port)
    const remote = connect([endpoint])
    const watches = [1, 2, 3].map(() => new WatchRecorder(remote, { key: "key" }))
    const started = await watches[0]!.started
    await Promise.all(watches.map((watch) => watch.started))
    for (let round = 0; round < 4; round++) {
      for (let count = 0; count < 10; count++) await store.txn({ success: [put("key", `${round}.${count}`)] })
      await server.close()
      await store.txn({ success: [put("key", `${round} while it was away`)] })
      const reading = remote.range({ key: "key" })
      await wait(30)
      server = createEtcdServer({ store, clock: realClock })
      await server.listen(port, "127.0.0.1")
      expect((await reading).kvs).toHaveLength(1)
    }
    const revision = await store.currentRevision()
    expect(revision).toBe(started + 44)
    for (const watch of watches) {
      await watch.until(revision)
      const revisions = watch.events.map(({ kv }) => kv.modRevision)
      expect(revisions).toEqual(Array.from({ length: 44 }, (_, index) => started + 1 + index))
      await watch.close()
    }
    await remote.close()
    await server.close()
  })

  test("what was compacted meanwhile is said", async () => {
    const store = createMemoryStore({ clock: realClock })
    let server = createEtcdServer({ store, clock: realClock })
    const endpoint = await server.listen(0, "127.0.0.1")
    const remote = connect([endpoint])
    const watch = new WatchRecorder(remote, { key: "key" })
    await watch.started
    await server.close()
    for (const value of ["1", "2", "3"]) await store.txn({ success: [put("key", value)] })
    await store.compact(await store.currentRevision())
    server = createEtcdServer({ store, clock: realClock })
    await server.listen(Number(new URL(endpoint).port), "127.0.0.1")
    await watch.ended
    expect(watch.error).toMatchObject({ name: "CompactedError", compactRevision: 4 })
    await remote.close()
    await server.close()
  })

  test("an unreachable cluster is named", async () => {
    const remote = createRemoteStore({
      endpoints: ["http://127.0.0.1:1"],
      clock: realClock,
      log: silentLogger,
      timeoutMs: 1500,
    })
    const started = realClock.monotonic()
    await expect(remote.txn({ success: [put("a")] })).rejects.toThrow(
      /no etcd endpoint answers: http:\/\/127.0.0.1:1: .*ECONNREFUSED/,
    )
    expect(realClock.monotonic() - started).toBeGreaterThan(1000)
    await remote.close()
  })
})
