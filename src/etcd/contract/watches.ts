import { describe, expect, test } from "vitest"
import { CompactedError, type Store } from "../store.ts"
import { bytes, freshPrefix, type Harness, put, remove } from "./harness.ts"
import { WatchRecorder } from "./watch-recorder.ts"

export function describeWatches(harness: () => Harness): void {
  const store = (): Store => harness().store

  describe("watches", () => {
    test("from now on: what was before is not told, what comes after is", async () => {
      const key = freshPrefix()
      await store().txn({ success: [put(key, "before")] })
      const watch = new WatchRecorder(store(), { key })
      await watch.started
      const { revision } = await store().txn({ success: [put(key, "after")] })
      await watch.until(revision)
      expect(watch.events).toMatchObject([
        { type: "put", kv: { value: "after", modRevision: revision, version: 2 } },
      ])
      await watch.close()
    })

    test("history runs on into what happens now, without a seam", async () => {
      const p = freshPrefix()
      const range = { key: p, rangeEnd: `${p}\xff` }
      const { revision: start } = await store().txn({ success: [put(`${p}0`)] })
      for (let count = 1; count < 50; count++) await store().txn({ success: [put(p + count)] })
      const writing = (async () => {
        for (let count = 50; count < 100; count++) await store().txn({ success: [put(p + count)] })
      })()
      const watches = [0, 10, 49].map(
        (skipped) => new WatchRecorder(store(), { ...range, startRevision: start + skipped }),
      )
      await writing
      for (const [index, watch] of watches.entries()) {
        await watch.until(start + 99)
        const expected = Array.from({ length: 100 }, (_, count) => p + count).slice([0, 10, 49][index])
        expect(watch.events.map((event) => event.kv.key)).toEqual(expected)
        await watch.close()
      }
    })

    test("a deletion tells the key and its revision, and on request what was there", async () => {
      const key = freshPrefix()
      const created = await store().txn({ success: [put(key, "old")] })
      const watch = new WatchRecorder(store(), { key, startRevision: created.revision, previous: true })
      await store().txn({ success: [put(key, "new")] })
      const { revision } = await store().txn({ success: [remove(key)] })
      await watch.until(revision)
      expect(watch.events[0]!.previous).toBeUndefined()
      expect(watch.events.slice(1)).toMatchObject([
        { type: "put", kv: { value: "new" }, previous: { value: "old", version: 1 } },
        {
          type: "delete",
          kv: { key, value: "", modRevision: revision, createRevision: 0, version: 0 },
          previous: { value: "new", version: 2 },
        },
      ])
      await watch.close()
    })

    test("the events of one revision come together, in the order in which they were written", async () => {
      const p = freshPrefix()
      const watch = store().watch({ key: p, rangeEnd: `${p}\xff` })
      await watch.started
      await store().txn({ success: [put(`${p}z`), put(`${p}a`), put(`${p}m`)] })
      for await (const batch of watch) {
        expect(batch.events.map((event) => event.kv.key)).toEqual([`${p}z`, `${p}a`, `${p}m`])
        break
      }
    })

    test("other keys' changes are not told, but progress passes over them", async () => {
      const p = freshPrefix()
      const watch = new WatchRecorder(store(), { key: `${p}mine` })
      await watch.started
      const { revision } = await store().txn({ success: [put(`${p}mine/not`), put(`${p}other`)] })
      await watch.until(revision)
      expect(watch.events).toEqual([])
      expect(watch.told).toBeGreaterThanOrEqual(revision)
      await watch.close()
    })

    test("a start in the future waits for it", async () => {
      const key = freshPrefix()
      const now = await store().currentRevision()
      const watch = new WatchRecorder(store(), { key, startRevision: now + 3 })
      await watch.started
      for (const value of ["1", "2", "3", "4"]) await store().txn({ success: [put(key, value)] })
      while (watch.events.length < 2) await harness().advance(5)
      expect(watch.events.map((event) => event.kv.value)).toEqual(["3", "4"])
      await watch.close()
    })

    test("a start that is compacted fails with the oldest revision that is left", async () => {
      const key = freshPrefix()
      const first = await store().txn({ success: [put(key, "1")] })
      const second = await store().txn({ success: [put(key, "2")] })
      await store().compact(second.revision)
      const tooOld = new WatchRecorder(store(), { key, startRevision: first.revision })
      await tooOld.ended
      expect(tooOld.error).toBeInstanceOf(CompactedError)
      expect(tooOld.error).toMatchObject({ compactRevision: second.revision })
      const oldest = new WatchRecorder(store(), { key, startRevision: second.revision })
      await oldest.until(second.revision)
      expect(oldest.events).toMatchObject([{ kv: { value: "2" } }])
      await oldest.close()
    })

    test("a reader that comes late to its batches misses nothing", async () => {
      const key = freshPrefix()
      const watch = store().watch({ key })
      await watch.started
      let revision = 0
      for (let count = 0; count < 30; count++)
        revision = (await store().txn({ success: [put(key, String(count))] })).revision
      const values: string[] = []
      for await (const batch of watch) {
        for (const { kv } of batch.events) values.push(String.fromCharCode(...kv.value))
        if (batch.revision >= revision) break
      }
      expect(values).toEqual(Array.from({ length: 30 }, (_, count) => String(count)))
    })

    test("closing, aborting or leaving the loop ends it", async () => {
      const key = freshPrefix()
      const abort = new AbortController()
      const aborted = new WatchRecorder(store(), { key, signal: abort.signal })
      const closed = new WatchRecorder(store(), { key })
      await Promise.all([aborted.started, closed.started])
      abort.abort()
      await Promise.all([aborted.ended, closed.close()])
      await store().txn({ success: [put(key)] })
      const late = new WatchRecorder(store(), { key, signal: abort.signal })
      await late.ended
      expect([aborted, closed, late].map(({ error, events }) => ({ error, events }))).toEqual(
        Array.from({ length: 3 }, () => ({ error: undefined, events: [] })),
      )
    })

    test("many watches of one key are all told", async () => {
      const key = freshPrefix()
      const watches = Array.from({ length: 20 }, () => new WatchRecorder(store(), { key }))
      await Promise.all(watches.map((watch) => watch.started))
      const { revision } = await store().txn({ success: [put(key, "x")] })
      for (const watch of watches) {
        await watch.until(revision)
        expect(watch.events).toMatchObject([{ kv: { value: "x" } }])
        await watch.close()
      }
      expect((await store().range({ key })).kvs).toMatchObject([{ value: bytes("x") }])
    })
  })
}
