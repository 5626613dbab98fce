/**
 * What a power cut leaves: the log up to any byte of what was on its way, the head as of some time before (it is written,
 * but not forced to the disk), and a base that was only begun.
 */
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { plain, put } from "../contract/harness.ts"
import type { Store } from "../store.ts"
import { magicBytes } from "./files.ts"
import { frameHeaderBytes } from "./frame.ts"
import { TestDirectory } from "./test-directory.ts"

async function contentOf(store: Store): Promise<unknown> {
  const { revision, kvs } = await store.range({ key: "\0", rangeEnd: "\0" })
  return { revision, kvs: kvs.map(plain) }
}

/** Where each frame of a log ends. */
function frameEnds(bytes: Buffer): number[] {
  const ends: number[] = []
  for (let at = magicBytes; at + frameHeaderBytes <= bytes.length && bytes.readUInt32LE(at) !== 0; ) {
    at += frameHeaderBytes + bytes.readUInt32LE(at + 4)
    ends.push(at)
  }
  return ends
}

/** A crashed directory with one log, the head after its third frame, and what was in the store after each frame. */
async function written() {
  const directory = new TestDirectory()
  const store = await directory.open()
  const contents: unknown[] = []
  for (let count = 0; count < 5; count++) {
    await store.txn({ success: [put(`key-${count % 3}`, `value ${count}`), put("all", String(count))] })
    contents.push(await contentOf(store))
    if (count === 2) copyFileSync(join(directory.path, "head"), join(directory.path, "head-before"))
  }
  const crashed = directory.copy()
  await directory.remove()
  copyFileSync(join(crashed.path, "head-before"), join(crashed.path, "head"))
  const log = readFileSync(join(crashed.path, "log-00000001"))
  const ends = frameEnds(log)
  expect(ends.length).toBe(contents.length)
  return { crashed, contents, log: log.subarray(0, ends.at(-1)), ends }
}

test.each([
  ["nothing", () => Buffer.alloc(0)],
  ["zeros", () => Buffer.alloc(100)],
  ["what was there before", () => Buffer.from("old content of the disk ".repeat(4))],
])(
  "a log that is cut at any byte, with %s behind it, is read up to its last whole frame",
  async (_name, rest) => {
    const { crashed, contents, log, ends } = await written()
    for (let cut = ends[2]!; cut <= log.length; cut++) {
      writeFileSync(join(crashed.path, "log-00000001"), Buffer.concat([log.subarray(0, cut), rest()]))
      const copy = crashed.copy()
      const store = await copy.open()
      const whole = ends.filter((end) => end <= cut).length
      expect(await contentOf(store), `cut at ${cut}`).toEqual(contents[whole - 1])
      // It goes on from there. (Not at each byte: every one of these waits for the disk.)
      if (cut % 7 === 0) {
        await store.txn({ success: [put("after", "")] })
        await store.close()
        expect((await (await copy.open()).range({ key: "after" })).count).toBe(1)
      }
      await copy.remove()
    }
    await crashed.remove()
  },
)

test("a base that was only begun, at any byte of it, changes nothing", async () => {
  const directory = new TestDirectory()
  const options = { logFileBytes: 300 }
  const store = await directory.open(options)
  for (let count = 0; count < 12; count++)
    await store.txn({ success: [put(`key-${count % 3}`, String(count))] })
  await store.compact(9)
  const before = directory.copy()
  await store.defragment()
  const content = await contentOf(store)
  const [name] = directory.files("base")
  const base = readFileSync(join(directory.path, name!))
  await directory.remove()
  for (let cut = 0; cut <= base.length; cut++) {
    const copy = before.copy()
    writeFileSync(join(copy.path, `${name}.tmp`), base)
    truncateSync(join(copy.path, `${name}.tmp`), cut)
    const opened = await copy.open(options)
    expect(await contentOf(opened)).toEqual(content)
    expect(copy.files("").filter((file) => file.endsWith(".tmp"))).toEqual([])
    await opened.close()
    await copy.remove()
  }
  await before.remove()
})
