import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { Logger } from "../../base/log.ts"
import { silentLogger } from "../../base/log.ts"
import { plain, put } from "../contract/harness.ts"
import type { Store } from "../store.ts"
import { DamagedStoreError, StoreFormatError } from "./errors.ts"
import { TestDirectory } from "./test-directory.ts"

/** A directory as a killed process leaves it: a base, some full log files, one being written to. */
async function filled(): Promise<{ directory: TestDirectory; content: unknown }> {
  const directory = new TestDirectory()
  const store = await directory.open({ logFileBytes: 2048 })
  for (let count = 0; count < 40; count++) {
    await store.txn({ success: [put(`key-${count % 9}`, `value ${count} ${"y".repeat(100)}`)] })
    if (count === 30) {
      await store.compact(25)
      await store.defragment()
    }
  }
  const crashed = directory.copy()
  const content = await contentOf(store)
  await directory.remove()
  return { directory: crashed, content }
}

async function contentOf(store: Store): Promise<unknown> {
  const { revision, kvs } = await store.range({ key: "\0", rangeEnd: "\0" })
  return { revision, kvs: kvs.map(plain) }
}

/** What comes of opening: the content, or the reason why there is none. */
async function openDamaged(directory: TestDirectory): Promise<unknown> {
  const copy = directory.copy()
  try {
    return await contentOf(await copy.open())
  } catch (error) {
    return error
  } finally {
    await copy.remove()
  }
}

const reported = (outcome: unknown) =>
  outcome instanceof DamagedStoreError || outcome instanceof StoreFormatError

test("a flipped bit anywhere is reported, or was in space that means nothing", async () => {
  const { directory, content } = await filled()
  const outcomes = { reported: 0, harmless: 0 }
  for (const name of directory.files("")) {
    const path = join(directory.path, name)
    const original = readFileSync(path)
    const meaningful = original.subarray(0, original.length - trailingZeros(original))
    for (let byte = 0; byte < original.length; byte += byte < meaningful.length ? 13 : 40_001) {
      const flipped = Buffer.from(original)
      flipped[byte] = flipped[byte]! ^ (1 << (byte % 8))
      writeFileSync(path, flipped)
      const outcome = await openDamaged(directory)
      if (reported(outcome)) outcomes.reported++
      else {
        expect(outcome, `${name}, byte ${byte}`).toEqual(content)
        expect(byte).toBeGreaterThanOrEqual(meaningful.length)
        outcomes.harmless++
      }
    }
    writeFileSync(path, original)
  }
  expect(outcomes.reported).toBeGreaterThan(400)
  await directory.remove()
})

test("a truncated or missing file is reported", async () => {
  const { directory, content } = await filled()
  expect(directory.files("base")).toHaveLength(1)
  expect(directory.files("log").length).toBeGreaterThan(2)
  for (const name of directory.files("")) {
    if (name === "head") continue
    const path = join(directory.path, name)
    const original = readFileSync(path)
    const end = original.length - trailingZeros(original)
    for (let length = 0; length < end; length += 17) {
      truncateSync(path, length)
      expect(reported(await openDamaged(directory)), `${name} cut to ${length}`).toBe(true)
      writeFileSync(path, original)
    }
    rmSync(path)
    expect(reported(await openDamaged(directory)), `${name} removed`).toBe(true)
    writeFileSync(path, original)
  }
  expect(await openDamaged(directory)).toEqual(content)
  await directory.remove()
})

test("the torn end of a write that was never acknowledged is dropped, and said so", async () => {
  const { directory, content } = await filled()
  const newest = join(directory.path, directory.files("log").sort().at(-1)!)
  const end = statSync(newest).size - trailingZeros(readFileSync(newest))
  const wholeFrame = readFileSync(newest).subarray(16)
  for (const torn of [1, 4, 20, 27, 28, 29, 60]) {
    const bytes = readFileSync(newest)
    wholeFrame.copy(bytes, end, 0, torn)
    const warnings: string[] = []
    const log: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) }
    const copy = directory.copy()
    writeFileSync(join(copy.path, newest.split("/").at(-1)!), bytes)
    const store = await copy.open({ log })
    expect(await contentOf(store)).toEqual(content)
    expect(warnings).toHaveLength(1)
    await store.txn({ success: [put("after", "")] })
    await store.close()
    expect(await (await copy.open()).currentRevision()).toBe((content as { revision: number }).revision + 1)
    await copy.remove()
  }
  await directory.remove()
})

test("damage names the file and the place", async () => {
  const { directory } = await filled()
  const newest = join(directory.path, directory.files("log").sort()[0]!)
  const bytes = readFileSync(newest)
  bytes[60] = bytes[60]! ^ 1
  writeFileSync(newest, bytes)
  const error = (await directory.open().catch((reason: unknown) => reason)) as Error
  expect(error.message).toContain(newest)
  expect(error.message).toContain("byte 16: the frame's checksum does not match")
  await directory.remove()
})

test("another format version is refused by name", async () => {
  const { directory } = await filled()
  const newest = join(directory.path, directory.files("log").sort()[0]!)
  const bytes = readFileSync(newest)
  bytes.write("09", 13, "latin1")
  writeFileSync(newest, bytes)
  await expect(directory.open()).rejects.toThrow(
    /has format version 09, which this program does not know: it writes 02 and reads 01/,
  )
  await directory.remove()
})

test("a store of the format before is read, and what is added stands in files of the new one", async () => {
  const { directory, content } = await filled()
  const all = [...directory.files("log"), ...directory.files("base")]
  for (const name of all) {
    const path = join(directory.path, name)
    const bytes = readFileSync(path)
    bytes.write("01", 13, "latin1")
    writeFileSync(path, bytes)
  }
  const store = await directory.open()
  expect(await contentOf(store)).toEqual(content)
  await store.txn({ success: [put("added", "")] })
  await store.close()
  const version = (name: string) => readFileSync(join(directory.path, name)).toString("latin1", 13, 15)
  const files = directory.files("log").sort()
  expect(files.map(version)).toEqual([...files.slice(1).map(() => "01"), "02"])
  const again = await directory.open()
  expect((await again.range({ key: "added" })).count).toBe(1)
  await again.close()
  await directory.remove()
})

function trailingZeros(bytes: Buffer): number {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return bytes.length - end
}
