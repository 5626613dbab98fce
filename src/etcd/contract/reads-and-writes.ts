import { describe, expect, test } from "vitest"
import {
  type Compare,
  CompactedError,
  FutureRevisionError,
  InvalidRequestError,
  type Operation,
  RequestTooLargeError,
  type Store,
} from "../store.ts"
import { bytes, freshPrefix, type Harness, plain, put, remove } from "./harness.ts"

export function describeReadsAndWrites(harness: () => Harness): void {
  const store = (): Store => harness().store

  describe("transactions", () => {
    test("all writes of one transaction make one revision", async () => {
      const p = freshPrefix()
      const before = await store().currentRevision()
      const { revision } = await store().txn({
        success: [put(`${p}a`, "1"), put(`${p}b`, "2"), put(`${p}c`, "3")],
      })
      expect(revision).toBe(before + 1)
      const { kvs } = await store().range({ key: p, rangeEnd: `${p}\xff` })
      expect(kvs.map(plain)).toEqual(
        ["a", "b", "c"].map((key, index) => ({
          key: p + key,
          value: String(index + 1),
          createRevision: revision,
          modRevision: revision,
          version: 1,
          lease: 0n,
        })),
      )
    })

    test("what writes nothing makes no revision", async () => {
      const p = freshPrefix()
      const before = await store().currentRevision()
      const nothing = await store().txn({ success: [remove(p), { op: "range", key: p }] })
      expect(nothing).toMatchObject({
        succeeded: true,
        revision: before,
        results: [{ deleted: [] }, { count: 0 }],
      })
      expect(await store().txn({})).toEqual({ succeeded: true, revision: before, results: [] })
    })

    test("a later step sees an earlier one", async () => {
      const p = freshPrefix()
      await store().txn({ success: [put(`${p}old`, "1")] })
      const { results, revision } = await store().txn({
        success: [
          put(`${p}new`, "2"),
          { op: "range", key: p, rangeEnd: `${p}\xff` },
          remove(`${p}old`),
          { op: "range", key: p, rangeEnd: `${p}\xff`, countOnly: true },
        ],
      })
      expect(results).toMatchObject([{ op: "put" }, { count: 2, revision }, { deleted: [{}] }, { count: 1 }])
    })

    test("compare-and-swap: the failure branch tells what is there", async () => {
      const key = freshPrefix()
      const created = await store().txn({ success: [put(key, "mine")] })
      const again = await store().txn({
        compare: [{ key, target: "modRevision", is: "=", to: 0 }],
        success: [put(key, "yours")],
        failure: [{ op: "range", key }],
      })
      expect(again.succeeded).toBe(false)
      expect(again.revision).toBe(created.revision)
      expect(again.results).toMatchObject([{ op: "range", count: 1, kvs: [{ value: bytes("mine") }] }])
    })

    test("an absent key compares as zero, but its value equals nothing", async () => {
      const key = freshPrefix()
      const holds = async (compare: Parameters<Store["txn"]>[0]["compare"]) =>
        (await store().txn({ compare: compare! })).succeeded
      expect(await holds([{ key, target: "version", is: "=", to: 0 }])).toBe(true)
      expect(await holds([{ key, target: "createRevision", is: "<", to: 1 }])).toBe(true)
      expect(await holds([{ key, target: "value", is: "=", to: bytes("") }])).toBe(false)
      expect(await holds([{ key, target: "value", is: "!=", to: bytes("x") }])).toBe(false)
    })

    test("a key may change only once in a transaction", async () => {
      const p = freshPrefix()
      const refused = [
        [put(`${p}a`), put(`${p}a`)],
        [put(`${p}a`), remove(p, `${p}\xff`)],
        [remove(`${p}a`), put(`${p}a`)],
      ]
      for (const success of refused) {
        const error = await store()
          .txn({ success })
          .catch((reason: unknown) => reason)
        expect(error).toBeInstanceOf(InvalidRequestError)
        expect((error as Error).message).toBe("etcdserver: duplicate key given in txn request")
      }
      // Deleting twice is harmless, and the branches do not meet.
      await store().txn({
        success: [put(`${p}a`), remove(`${p}b`), remove(`${p}b`)],
        failure: [put(`${p}a`)],
      })
    })

    test("a transaction within sees what is there before, and is part of the same revision", async () => {
      const p = freshPrefix()
      const { revision: before } = await store().txn({ success: [put(`${p}a`, "old")] })
      const isAbsent = (key: string) => ({ key, target: "version", is: "=", to: 0 }) as const
      const { results, revision } = await store().txn({
        success: [
          put(`${p}b`, "1"),
          {
            op: "txn",
            // Although the step before has put it.
            compare: [isAbsent(`${p}b`)],
            success: [
              { op: "range", key: p, rangeEnd: `${p}\xff`, countOnly: true },
              put(`${p}c`),
              {
                op: "txn",
                compare: [isAbsent(`${p}a`)],
                success: [put(`${p}d`)],
                failure: [remove(`${p}a`)],
              },
            ],
            failure: [put(`${p}e`)],
          },
        ],
      })
      expect(revision).toBe(before + 1)
      expect(results).toMatchObject([
        { op: "put" },
        {
          op: "txn",
          succeeded: true,
          results: [
            { count: 2 },
            { op: "put" },
            { op: "txn", succeeded: false, results: [{ op: "delete" }] },
          ],
        },
      ])
      const { kvs } = await store().range({ key: p, rangeEnd: `${p}\xff` })
      expect(kvs.map(({ key, modRevision }) => [key, modRevision])).toEqual([
        [`${p}b`, revision],
        [`${p}c`, revision],
      ])
    })

    test("a key may change only once, in transactions within too; their branches do not meet", async () => {
      const p = freshPrefix()
      const within = (...success: Operation[]): Operation => ({ op: "txn", success })
      const refused = [
        [put(`${p}a`), within(put(`${p}a`))],
        [within(put(`${p}a`)), within(put(`${p}a`))],
        [remove(p, `${p}\xff`), within(within(put(`${p}a`)))],
        [within(remove(p, `${p}\xff`)), put(`${p}a`)],
      ]
      for (const success of refused)
        await expect(store().txn({ success })).rejects.toThrow(
          "etcdserver: duplicate key given in txn request",
        )
      await store().txn({
        success: [{ op: "txn", success: [put(`${p}a`)], failure: [put(`${p}a`), remove(`${p}b`)] }],
      })
    })

    test("a comparison of a range holds if it does for every key", async () => {
      const p = freshPrefix()
      await store().txn({ success: [put(`${p}a`, "1"), put(`${p}b`, "1"), put(`${p}c`, "2")] })
      const holds = async (rangeEnd: string, compare: { target: "version" | "value"; to: unknown }) => {
        const all = { key: `${p}a`, rangeEnd: p + rangeEnd, is: "=", ...compare } as Compare
        return (await store().txn({ compare: [all] })).succeeded
      }
      expect(await holds("c", { target: "value", to: bytes("1") })).toBe(true)
      expect(await holds("d", { target: "value", to: bytes("1") })).toBe(false)
      expect(await holds("d", { target: "version", to: 1 })).toBe(true)
      const nothing = { key: `${p}x`, rangeEnd: `${p}y`, is: "=" } as const
      expect((await store().txn({ compare: [{ ...nothing, target: "version", to: 0 }] })).succeeded).toBe(
        true,
      )
      expect(
        (await store().txn({ compare: [{ ...nothing, target: "value", to: bytes("") }] })).succeeded,
      ).toBe(false)
    })

    test("a put may keep the value or the lease that is there", async () => {
      const key = freshPrefix()
      const missing = store().txn({ success: [{ op: "put", key, value: bytes(""), keep: "value" }] })
      await expect(missing).rejects.toThrow("etcdserver: key not found")
      const { id } = await store().leases.grant(60)
      await store().txn({ success: [put(key, "value", id)] })
      await store().txn({ success: [{ op: "put", key, value: bytes("new"), keep: "lease" }] })
      expect((await store().range({ key })).kvs.map(plain)).toMatchObject([
        { value: "new", lease: id, version: 2 },
      ])
      await store().txn({ success: [{ op: "put", key, value: bytes(""), keep: "both" }] })
      expect((await store().range({ key })).kvs.map(plain)).toMatchObject([
        { value: "new", lease: id, version: 3 },
      ])
      await store().txn({ success: [{ op: "put", key, value: bytes(""), keep: "value" }] })
      expect((await store().range({ key })).kvs.map(plain)).toMatchObject([
        { value: "new", lease: 0n, version: 4 },
      ])
      await store().leases.revoke(id)
    })

    test("an empty key is refused", async () => {
      const refusal = { name: "InvalidRequestError", message: "etcdserver: key is not provided" }
      await expect(store().txn({ success: [put("")] })).rejects.toMatchObject(refusal)
      await expect(store().range({ key: "" })).rejects.toMatchObject(refusal)
    })

    test("what is larger than 1.5 MiB is refused, and nothing is done", async () => {
      const p = freshPrefix()
      const large = (key: string, length: number): Operation => ({
        op: "put",
        key,
        value: new Uint8Array(length),
      })
      const refused = [[large(`${p}a`, 1_573_000)], [large(`${p}a`, 800_000), large(`${p}b`, 800_000)]]
      for (const success of refused)
        await expect(store().txn({ success })).rejects.toThrow(new RequestTooLargeError())
      expect((await store().range({ key: p, rangeEnd: `${p}\xff` })).count).toBe(0)
      await store().txn({ success: [large(`${p}a`, 1_570_000)] })
    })

    test("a failing step leaves nothing behind", async () => {
      const p = freshPrefix()
      const before = await store().currentRevision()
      const failing = store().txn({ success: [put(`${p}a`), { op: "range", key: p, revision: before + 5 }] })
      await expect(failing).rejects.toBeInstanceOf(FutureRevisionError)
      expect(await store().currentRevision()).toBe(before)
      expect((await store().range({ key: `${p}a` })).count).toBe(0)
    })

    test("concurrent writers lose no increment", async () => {
      const key = freshPrefix()
      const revisions = new Set<number>()
      const increment = async () => {
        for (;;) {
          const current = (await store().range({ key })).kvs[0]
          const value = String(Number(current ? plain(current)!.value : 0) + 1)
          const { succeeded, revision } = await store().txn({
            compare: [{ key, target: "modRevision", is: "=", to: current?.modRevision ?? 0 }],
            success: [put(key, value)],
          })
          if (succeeded) return revisions.add(revision)
        }
      }
      const writer = async () => {
        for (let count = 0; count < 10; count++) await increment()
      }
      await Promise.all(Array.from({ length: 8 }, writer))
      expect(revisions.size).toBe(80)
      expect((await store().range({ key })).kvs.map(plain)).toMatchObject([{ value: "80", version: 80 }])
    })
  })

  describe("ranges", () => {
    test("keys are ordered by their bytes, and the ends of ranges mean what they say", async () => {
      const p = freshPrefix()
      const keys = ["", "\0", "a", "a\0", "a\x7f", "a\x80", "a\xff", "b"].map((key) => p + key)
      for (const key of keys.toReversed()) await store().txn({ success: [put(key)] })
      const read = async (key: string, rangeEnd?: string) =>
        (await store().range(rangeEnd === undefined ? { key } : { key, rangeEnd })).kvs.map((kv) => kv.key)
      expect(await read(p, `${p}c`)).toEqual(keys)
      expect(await read(`${p}a`, `${p}b`)).toEqual(keys.slice(2, 7))
      expect(await read(`${p}a`)).toEqual([`${p}a`])
      expect(await read(`${p}b`, `${p}a`)).toEqual([])
      const fromHere = await read(`${p}b`, "\0")
      expect(fromHere[0]).toBe(`${p}b`)
      expect((await read("\0", "\0")).filter((key) => key.startsWith(p))).toEqual(keys)
    })

    test("a limit cuts the keys, not the count", async () => {
      const p = freshPrefix()
      await store().txn({ success: ["a", "b", "c"].map((key) => put(p + key, "value")) })
      const rangeEnd = `${p}\xff`
      const page = await store().range({ key: p, rangeEnd, limit: 2, keysOnly: true })
      expect(page).toMatchObject({ more: true, count: 3, kvs: [{ key: `${p}a`, value: bytes("") }, {}] })
      expect(await store().range({ key: p, rangeEnd, limit: 3 })).toMatchObject({ more: false, count: 3 })
      expect(await store().range({ key: p, rangeEnd, countOnly: true })).toMatchObject({ kvs: [], count: 3 })
    })

    test("a past revision is read as it was", async () => {
      const key = freshPrefix()
      const first = await store().txn({ success: [put(key, "1")] })
      await store().txn({ success: [put(key, "2")] })
      const last = await store().txn({ success: [remove(key)] })
      const then = await store().range({ key, revision: first.revision })
      expect(then).toMatchObject({
        revision: last.revision,
        count: 1,
        kvs: [{ value: bytes("1"), version: 1 }],
      })
      expect((await store().range({ key, revision: last.revision })).kvs).toEqual([])
      expect((await store().range({ key, revision: first.revision - 1 })).kvs).toEqual([])
      await expect(store().range({ key, revision: last.revision + 1 })).rejects.toBeInstanceOf(
        FutureRevisionError,
      )
    })

    test("a key that comes back starts anew", async () => {
      const key = freshPrefix()
      await store().txn({ success: [put(key)] })
      await store().txn({ success: [put(key)] })
      await store().txn({ success: [remove(key)] })
      const { revision } = await store().txn({ success: [put(key)] })
      expect((await store().range({ key })).kvs).toMatchObject([{ createRevision: revision, version: 1 }])
    })
  })

  describe("compaction", () => {
    test("history before the revision is gone, that revision and later ones stay", async () => {
      const p = freshPrefix()
      const first = await store().txn({ success: [put(`${p}a`, "1"), put(`${p}b`, "1")] })
      const second = await store().txn({ success: [put(`${p}a`, "2"), remove(`${p}b`)] })
      const third = await store().txn({ success: [put(`${p}a`, "3")] })
      await store().compact(second.revision)
      await harness().advance(10)
      const at = async (revision: number) =>
        (await store().range({ key: p, rangeEnd: `${p}\xff`, revision })).kvs.map((kv) => plain(kv)!.value)
      await expect(at(first.revision)).rejects.toBeInstanceOf(CompactedError)
      expect(await at(second.revision)).toEqual(["2"])
      expect(await at(third.revision)).toEqual(["3"])
      await expect(store().compact(second.revision)).rejects.toBeInstanceOf(CompactedError)
      await expect(store().compact(third.revision + 1)).rejects.toBeInstanceOf(FutureRevisionError)
    })
  })
}
