import { expect, test } from "vitest"
import { bytes, plain, plainEvent, put, remove } from "../contract/harness.ts"
import { describeStoreContract } from "../contract/store-contract.ts"
import { WatchRecorder } from "../contract/watch-recorder.ts"
import { NoSpaceError, type Store, StoreUnavailableError } from "../store.ts"
import type { EmbeddedStore } from "./embedded-store.ts"
import { StoreLockedError } from "./errors.ts"
import { TestDirectory } from "./test-directory.ts"

describeStoreContract(
  "the embedded store",
  async () => {
    const directory = new TestDirectory()
    const store = await directory.open({ logFileBytes: 4096 })
    return { store, advance: (ms) => directory.advance(ms), close: () => directory.remove() }
  },
  { runs: 40 },
)

/** Everything that can be asked: each readable revision, all events, all leases. */
async function everything(store: Store): Promise<unknown> {
  const revision = await store.currentRevision()
  const oldest = (store as EmbeddedStore).stats().compactRevision || 1
  const contents: unknown[] = []
  for (let at = oldest; at <= revision; at++)
    contents.push((await store.range({ key: "\0", rangeEnd: "\0", revision: at })).kvs.map(plain))
  const watch = new WatchRecorder(store, { key: "\0", rangeEnd: "\0", startRevision: oldest })
  await watch.until(revision)
  await watch.close()
  const leases = []
  for (const id of await store.leases.list()) {
    const { grantedSeconds, keys } = await store.leases.timeToLive(id)
    leases.push({ id, grantedSeconds, keys })
  }
  return { revision, oldest, contents, events: watch.events, leases }
}

async function writeSomething(store: Store, rounds: number): Promise<void> {
  const leases = await Promise.all([1, 2, 3].map(() => store.leases.grant(60)))
  for (let round = 0; round < rounds; round++) {
    const key = `key-${round % 7}`
    const lease = round % 5 === 0 ? leases[round % 2]!.id : 0n
    if (round % 11 === 10) await store.txn({ success: [remove("key-2", "key-5")] })
    else
      await store.txn({
        success: [put(key, `value ${round} ${"x".repeat(round)}`, lease), put("\xff\0", "")],
      })
  }
  await store.leases.revoke(leases[0]!.id)
}

test("what was there is there again after closing and opening", async () => {
  const directory = new TestDirectory()
  const store = await directory.open()
  await writeSomething(store, 60)
  await store.compact(20)
  const before = await everything(store)
  await store.close()
  const again = await directory.open()
  expect(await everything(again)).toEqual(before)
  await writeSomething(again, 30)
  const later = await everything(again)
  await again.close()
  expect(await everything(await directory.open())).toEqual(later)
  await directory.remove()
})

test("what was acknowledged is there after a crash", async () => {
  const directory = new TestDirectory()
  const store = await directory.open()
  await writeSomething(store, 40)
  const crashed = directory.copy()
  expect(await everything(await crashed.open())).toEqual(await everything(store))
  await Promise.all([directory.remove(), crashed.remove()])
})

test("compacted files are replaced by a base, and nothing changes for readers", async () => {
  const directory = new TestDirectory()
  const store = await directory.open({ logFileBytes: 2048 })
  for (let round = 0; round < 5; round++) {
    await writeSomething(store, 60)
    await store.compact((await store.currentRevision()) - 3)
    await directory.advance(10)
    const crashed = directory.copy()
    expect(await everything(await crashed.open())).toEqual(await everything(store))
    await crashed.remove()
  }
  const before = await everything(store)
  const { diskBytes } = store.stats()
  await store.defragment()
  expect(store.stats().diskBytes).toBeLessThanOrEqual(diskBytes)
  expect(directory.files("base")).toHaveLength(1)
  expect(directory.files("log").length).toBeLessThan(3)
  await store.close()
  expect(await everything(await directory.open())).toEqual(before)
  await directory.remove()
})

test("history is kept for as long as asked for, and can be read by time", async () => {
  const directory = new TestDirectory()
  const store = await directory.open({ historyMs: 600_000 })
  const start = directory.clock.now()
  for (let minute = 0; minute < 30; minute++) {
    await store.txn({ success: [put("clock", String(minute))] })
    await directory.advance(60_000)
  }
  const at = async (minute: number) => {
    const revision = store.revisionAt(start + minute * 60_000 + 1)
    if (revision === undefined) return undefined
    return plain((await store.range({ key: "clock", revision })).kvs[0])!.value
  }
  expect(await at(29)).toBe("29")
  expect(await at(21)).toBe("21")
  expect(await at(15)).toBeUndefined()
  await store.close()
  const again = await directory.open({ historyMs: 600_000 })
  const revision = again.revisionAt(start + 25 * 60_000 + 1)!
  expect((await again.range({ key: "clock", revision })).kvs.map(plain)).toMatchObject([{ value: "25" }])
  await directory.remove()
})

test("history is bounded in size", async () => {
  const directory = new TestDirectory()
  const store = await directory.open({ historyBytes: 100_000, logFileBytes: 50_000 })
  for (let round = 0; round < 200; round++)
    await store.txn({ success: [put("key", String(round).padStart(5000, "0"))] })
  await directory.advance(1)
  await directory.advance(1)
  const { revision, compactRevision, stateBytes, diskBytes } = store.stats()
  expect(revision - compactRevision).toBeGreaterThan(18)
  expect(revision - compactRevision).toBeLessThan(25)
  expect(stateBytes).toBeLessThan(150_000)
  expect(diskBytes).toBeLessThan(350_000)
  await directory.remove()
})

test("a full store takes deletes and compaction only, until the alarm is disarmed", async () => {
  const directory = new TestDirectory()
  const store = await directory.open({ quotaBytes: 10_000 })
  const large = () => store.txn({ success: [put("large", "x".repeat(2000))] })
  for (let count = 0; count < 6; count++) await large().catch(() => {})
  await expect(large()).rejects.toBeInstanceOf(NoSpaceError)
  await expect(large()).rejects.toThrow("etcdserver: mvcc: database space exceeded")
  await expect(store.leases.grant(10)).rejects.toBeInstanceOf(NoSpaceError)
  expect(store.stats().alarm).toBe(true)
  expect((await store.range({ key: "large" })).count).toBe(1)
  const { revision } = await store.txn({ success: [remove("large")] })
  await store.compact(revision)
  await directory.advance(1)
  // There is room, but the alarm stays, also when the store is opened again and when the log has become a base.
  await expect(large()).rejects.toBeInstanceOf(NoSpaceError)
  await store.close()
  const again = await directory.open({ quotaBytes: 10_000, logFileBytes: 100 })
  expect(again.stats().alarm).toBe(true)
  await again.txn({ success: [remove("nothing")] })
  await again.setAlarm(false)
  await again.txn({ success: [put("large", "x".repeat(2000))] })
  await again.close()
  expect((await directory.open()).stats().alarm).toBe(false)
  await directory.remove()
})

test("one directory is open once", async () => {
  const directory = new TestDirectory()
  const store = await directory.open()
  const refused = await directory.open().catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(StoreLockedError)
  expect((refused as Error).message).toContain(`in use by process ${process.pid}`)
  await store.close()
  await (await directory.open()).close()
  await directory.remove()
})

test("a closed store says so", async () => {
  const directory = new TestDirectory()
  const store = await directory.open()
  const watch = new WatchRecorder(store, { key: "a" })
  const pending = store.txn({ success: [put("a", "last")] })
  await store.close()
  await pending
  await watch.ended
  await expect(store.txn({ success: [put("a")] })).rejects.toBeInstanceOf(StoreUnavailableError)
  await expect(store.range({ key: "a" })).rejects.toBeInstanceOf(StoreUnavailableError)
  expect((await (await directory.open()).range({ key: "a" })).kvs).toMatchObject([{ value: bytes("last") }])
  await directory.remove()
})

test("leases live on, and end by the clock of the process that opens the store", async () => {
  const directory = new TestDirectory()
  const store = await directory.open()
  const { id } = await store.leases.grant(30)
  await store.txn({ success: [put("leased", "", id)] })
  await directory.advance(20_000)
  await store.close()
  const again = await directory.open()
  await directory.advance(20_000)
  expect((await again.range({ key: "leased" })).count).toBe(1)
  await directory.advance(11_000)
  expect((await again.range({ key: "leased" })).count).toBe(0)
  expect(await again.leases.list()).toEqual([])
  await directory.remove()
})

test("what is not durable yet is not seen", async () => {
  const directory = new TestDirectory()
  const store = await directory.open()
  const watch = store.watch({ key: "a" })
  await watch.started
  let durable = false
  const writing = store.txn({ success: [put("a")] }).then(() => (durable = true))
  expect(await store.currentRevision()).toBe(1)
  expect((await store.range({ key: "a" })).count).toBe(0)
  for await (const { events } of watch) {
    expect(events.map(plainEvent)).toMatchObject([{ kv: { key: "a", modRevision: 2 } }])
    break
  }
  // A transaction sees the newest state, and waits until that is durable.
  await writing
  const second = store.txn({ success: [put("b")] })
  const reading = await store.txn({ success: [{ op: "range", key: "b" }] })
  expect(reading).toMatchObject({ revision: 3, results: [{ count: 1 }] })
  expect(await store.currentRevision()).toBe(3)
  expect(durable).toBe(true)
  await second
  await directory.remove()
})
