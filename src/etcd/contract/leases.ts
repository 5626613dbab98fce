import { describe, expect, test } from "vitest"
import type { Store } from "../store.ts"
import { freshPrefix, type Harness, put } from "./harness.ts"
import { WatchRecorder } from "./watch-recorder.ts"

export function describeLeases(harness: () => Harness): void {
  const store = (): Store => harness().store

  describe("leases", () => {
    test("revoking deletes the keys in one revision, in order", async () => {
      const p = freshPrefix()
      const { id } = await store().leases.grant(60)
      await store().txn({ success: [put(`${p}b`, "", id), put(`${p}a`, "", id), put(`${p}kept`)] })
      expect((await store().range({ key: `${p}a` })).kvs).toMatchObject([{ lease: id }])
      const watch = new WatchRecorder(store(), { key: p, rangeEnd: `${p}\xff` })
      const before = await watch.started
      await store().leases.revoke(id)
      await watch.until(before + 1)
      expect(watch.events).toMatchObject([
        { type: "delete", kv: { key: `${p}a`, modRevision: before + 1 } },
        { type: "delete", kv: { key: `${p}b`, modRevision: before + 1 } },
      ])
      await watch.close()
    })

    test("a lease without keys comes and goes without a revision", async () => {
      const before = await store().currentRevision()
      const { id, ttlSeconds } = await store().leases.grant(60, 4711n)
      expect({ id, ttlSeconds }).toEqual({ id: 4711n, ttlSeconds: 60 })
      expect(await store().leases.list()).toContain(4711n)
      await expect(store().leases.grant(60, 4711n)).rejects.toThrow("etcdserver: lease already exists")
      await store().leases.revoke(4711n)
      expect(await store().leases.list()).not.toContain(4711n)
      expect(await store().currentRevision()).toBe(before)
    })

    test("a key hangs on its last lease only", async () => {
      const key = freshPrefix()
      const first = await store().leases.grant(60)
      const second = await store().leases.grant(60)
      await store().txn({ success: [put(key, "", first.id)] })
      await store().txn({ success: [put(key, "", second.id)] })
      expect(await store().leases.timeToLive(first.id)).toMatchObject({ keys: [] })
      expect(await store().leases.timeToLive(second.id)).toMatchObject({ grantedSeconds: 60, keys: [key] })
      await store().leases.revoke(first.id)
      await store().txn({ success: [put(key)] })
      await store().leases.revoke(second.id)
      expect((await store().range({ key })).count).toBe(1)
    })

    test("what is not there is refused by name", async () => {
      const refusal = { name: "LeaseNotFoundError", message: "etcdserver: requested lease not found" }
      const { leases } = store()
      await expect(leases.revoke(99n)).rejects.toMatchObject(refusal)
      await expect(leases.keepAlive(99n)).rejects.toMatchObject(refusal)
      await expect(leases.timeToLive(99n)).rejects.toMatchObject(refusal)
      await expect(store().txn({ success: [put("x", "", 99n)] })).rejects.toMatchObject(refusal)
    })

    test("a lease ends when it is not kept alive", async () => {
      const p = freshPrefix()
      const { leases } = store()
      const left = await leases.grant(3)
      const kept = await leases.grant(3)
      await store().txn({ success: [put(`${p}left`, "", left.id), put(`${p}kept`, "", kept.id)] })
      await harness().advance(1800)
      expect(await leases.keepAlive(kept.id)).toEqual({ ttlSeconds: 3 })
      expect((await store().range({ key: `${p}left` })).count).toBe(1)
      await harness().advance(1700)
      const gone = async () => (await store().range({ key: `${p}left` })).count === 0
      for (let patience = 0; patience < 20 && !(await gone()); patience++) await harness().advance(50)
      expect(await gone()).toBe(true)
      expect((await store().range({ key: `${p}kept` })).count).toBe(1)
      await expect(leases.keepAlive(left.id)).rejects.toMatchObject({ name: "LeaseNotFoundError" })
      await leases.revoke(kept.id)
    })

    test("a very short time to live is raised to the minimum", async () => {
      const { id, ttlSeconds } = await store().leases.grant(1)
      expect(ttlSeconds).toBe(2)
      await store().leases.revoke(id)
    })
  })
}
