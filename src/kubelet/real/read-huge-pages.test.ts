import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { readHugePages } from "./read-huge-pages.ts"

it("finds the kernel's pages of each size, also where it has none of them now", async () => {
  const directory = mkdtempSync(join(tmpdir(), "huge-pages-"))
  for (const [kibibytes, count] of [
    [1 << 20, 3],
    [2048, 0],
    [64, 16],
  ]) {
    mkdirSync(join(directory, `hugepages-${kibibytes}kB`))
    writeFileSync(join(directory, `hugepages-${kibibytes}kB/nr_hugepages`), `${count}\n`)
  }
  expect(await readHugePages(directory)).toEqual({
    "hugepages-1Gi": 3 * 2 ** 30,
    "hugepages-2Mi": 0,
    "hugepages-64Ki": 1 << 20,
  })
  expect(await readHugePages(join(directory, "nothing"))).toEqual({})
  rmSync(directory, { recursive: true })
})
