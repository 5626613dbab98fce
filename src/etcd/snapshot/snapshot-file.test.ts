import { execFile, spawnSync } from "node:child_process"
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as fc from "fast-check"
import { afterAll, describe, expect, test } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { put, remove } from "../contract/harness.ts"
import { openEmbeddedStore } from "../embedded/embedded-store.ts"
import { restoreSnapshot } from "../embedded/restore.ts"
import { createEtcdServer } from "../grpc/etcd-server.ts"
import { createMemoryStore } from "../memory/memory-store.ts"
import type { Store } from "../store.ts"
import { createRemoteStore } from "../remote/remote-store.ts"
import { canRunEtcd, TestEtcd } from "../remote/test-etcd.ts"
import type { Entry } from "./bolt-format.ts"
import { BoltReader, DamagedSnapshotError } from "./bolt-reader.ts"
import { layOutBolt } from "./bolt-writer.ts"
import { openSnapshot, writeSnapshotFile } from "./snapshot-file.ts"

const directory = mkdtempSync(join(tmpdir(), "coracle-snapshot-"))
const pathTo = (name: string) => join(directory, name)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const options = { clock: realClock }

async function fill(store: Store): Promise<void> {
  const { id } = await store.leases.grant(3600, 77n)
  for (let round = 0; round < 300; round++) {
    const large = "x".repeat(round % 50 === 0 ? 20_000 : round)
    await store.txn({
      success: [put(`/registry/${round % 120}`, large, round % 9 === 0 ? id : 0n), put("\xff", "")],
    })
    if (round % 17 === 16)
      await store.txn({ success: [remove(`/registry/${round % 100}`, `/registry/${(round % 100) + 3}`)] })
  }
}

test("a bolt file gives back what was put in", async () => {
  const bytes = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength })
  const entries = fc.uniqueArray(fc.tuple(bytes(40), bytes(9000)), {
    maxLength: 300,
    selector: ([key]) => Buffer.from(key).toString("latin1"),
    size: "max",
  })
  const sorted = entries.map((list) => list.toSorted(([a], [b]) => Buffer.compare(a, b)))
  await fc.assert(
    fc.asyncProperty(sorted, fc.boolean(), async (list: Entry[], hasOther) => {
      const buckets = [
        { name: "b", entries: () => list },
        ...(hasOther ? [{ name: "a", entries: () => [] }] : []),
      ]
      const file = await layOutBolt(buckets, async () => {})
      const content = Buffer.concat([...file.chunks()])
      expect(content.length).toBe(file.sizeBytes)
      const reader = new BoltReader({
        sizeBytes: content.length,
        read: (position, length) => content.subarray(position, position + length),
      })
      const read = [...reader.entries("b")]
      expect(read.length).toBe(list.length)
      for (const [index, [key, value]] of read.entries()) {
        expect(Buffer.compare(key, list[index]![0])).toBe(0)
        expect(Buffer.compare(value, list[index]![1])).toBe(0)
      }
      expect([...reader.entries("a")]).toEqual([])
    }),
    { numRuns: 30, seed: 7 },
  )
})

describe.each([
  ["with all its history", undefined],
  ["compacted", 200],
  ["compacted up to its last revision, a deletion", "last"],
] as const)("a store, %s", (name, compact) => {
  test("is the same after a snapshot and opening it, and after restoring it to disk", async () => {
    const store = createMemoryStore(options)
    await fill(store)
    const { revision } = await store.txn({ success: [remove("/registry/50")] })
    if (compact !== undefined) await store.compact(compact === "last" ? revision : compact)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const path = pathTo(name)
    expect((await writeSnapshotFile(path, store.forkState(), realClock)).revision).toBe(revision)
    const before = store.hash()

    const opened = openSnapshot(path, options)
    expect(opened.hash()).toEqual(before)
    expect(await opened.leases.timeToLive(77n)).toMatchObject({
      grantedSeconds: 3600,
      keys: (await store.leases.timeToLive(77n)).keys,
    })

    const restored = `${path}-store`
    expect(await restoreSnapshot({ snapshot: path, directory: restored, clock: realClock })).toBe(revision)
    await expect(restoreSnapshot({ snapshot: path, directory: restored, clock: realClock })).rejects.toThrow(
      "holds a store already",
    )
    for (let opening = 0; opening < 2; opening++) {
      const embedded = await openEmbeddedStore({ directory: restored, clock: realClock, log: silentLogger })
      expect(embedded.hash()).toEqual(before)
      expect(await embedded.leases.list()).toEqual([77n])
      await embedded.close()
    }
    await writeSnapshotFile(`${path}-again`, opened.forkState(), realClock)
    expect(openSnapshot(`${path}-again`, options).hash()).toEqual(before)
  })
})

test("a damaged snapshot is refused", async () => {
  const store = createMemoryStore(options)
  await fill(store)
  const path = pathTo("whole")
  await writeSnapshotFile(path, store.forkState(), realClock)
  const whole = readFileSync(path)
  for (const at of [0, 17, 4200, 9000, 100_000, whole.length - 1]) {
    const damaged = Buffer.from(whole)
    damaged[at] = damaged[at]! ^ 4
    writeFileSync(pathTo("damaged"), damaged)
    expect(() => openSnapshot(pathTo("damaged"), options)).toThrow(DamagedSnapshotError)
  }
  for (const length of [0, 100, 8192, 40_960, whole.length - 32 - 4096]) {
    writeFileSync(pathTo("damaged"), whole.subarray(0, length))
    expect(() => openSnapshot(pathTo("damaged"), options), `cut to ${length}`).toThrow(DamagedSnapshotError)
  }
  expect(() => openSnapshot(pathTo("not there"), options)).toThrow(/there is no file/)
})

const hasBoth = canRunEtcd() && spawnSync("etcdctl", ["version"]).status === 0
if (!hasBoth) console.log("skipped: etcd and etcdctl are not installed")

describe.skipIf(!hasBoth)("with etcd's own tools", () => {
  const etcdctl = (...args: string[]) =>
    spawnSync("etcdctl", args, { env: { ...process.env, ETCDCTL_API: "3" }, encoding: "utf8" })

  test("etcdctl saves, checks and restores our snapshot, and etcd serves it", async () => {
    const store = createMemoryStore(options)
    await fill(store)
    await store.compact(100)
    const revision = await store.currentRevision()
    const server = createEtcdServer({ store, clock: realClock })
    const endpoint = (await server.listen(0, "127.0.0.1")).replace("http://", "")
    const path = pathTo("saved")
    // Not spawnSync: the server is in this process.
    await new Promise<void>((resolve, reject) => {
      const env = { ...process.env, ETCDCTL_API: "3" }
      execFile("etcdctl", [`--endpoints=${endpoint}`, "snapshot", "save", path], { env }, (error) =>
        error === null ? resolve() : reject(error),
      )
    })
    expect(JSON.parse(etcdctl("snapshot", "status", path, "-w", "json").stdout)).toMatchObject({ revision })
    const cluster = await TestEtcd.start(1, (member) => {
      const where = ["--name", member.name, "--data-dir", member.directory]
      const peers = [
        "--initial-cluster",
        `${member.name}=${member.peer}`,
        "--initial-advertise-peer-urls",
        member.peer,
      ]
      const restored = etcdctl("snapshot", "restore", path, ...where, ...peers)
      expect(restored.stderr).not.toContain("Error")
    })
    const remote = createRemoteStore({ endpoints: cluster.endpoints, clock: realClock, log: silentLogger })
    const all = { key: "\0", rangeEnd: "\0" }
    expect(await remote.range(all)).toEqual(await store.range(all))
    expect(await remote.range({ ...all, revision: 150 })).toEqual(
      await store.range({ ...all, revision: 150 }),
    )
    await expect(remote.range({ ...all, revision: 50 })).rejects.toThrow("compacted")
    expect(await remote.leases.list()).toEqual([77n])
    await remote.close()
    await cluster.remove()
    await server.close()
  })

  test("a real etcd's snapshot, and its database file, open here", async () => {
    const cluster = await TestEtcd.start()
    const remote = createRemoteStore({ endpoints: cluster.endpoints, clock: realClock, log: silentLogger })
    await fill(remote)
    await remote.compact(200)
    await remote.txn({ success: [put("last", "one")] })
    const path = pathTo("real")
    const saved = etcdctl(
      `--endpoints=${cluster.endpoints[0]!.replace("http://", "")}`,
      "snapshot",
      "save",
      path,
    )
    expect(saved.status).toBe(0)
    const member = cluster.members[0]!
    await cluster.kill(member)
    copyFileSync(join(member.directory, "member/snap/db"), pathTo("db"))
    cluster.startMember(member)
    const all = { key: "\0", rangeEnd: "\0" }
    const opened = openSnapshot(path, options)
    expect(await opened.range(all)).toEqual(await remote.range(all))
    expect(await opened.range({ ...all, revision: 210 })).toEqual(
      await remote.range({ ...all, revision: 210 }),
    )
    expect(opened.stats().compactRevision).toBe(200)
    expect(await opened.leases.timeToLive(77n)).toMatchObject({ grantedSeconds: 3600 })
    expect(openSnapshot(pathTo("db"), options).stats().keys).toBeGreaterThan(50)
    await remote.close()
    await cluster.remove()
  })
})
