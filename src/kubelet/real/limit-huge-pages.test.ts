import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "vitest"
import { limitHugePages } from "./limit-huge-pages.ts"

it.each([
  ["limit_in_bytes", "usage_in_bytes"],
  ["max", "current"],
])("holds a group to the pages that it may have, in files named %s", async (limit, usage) => {
  const group = mkdtempSync(join(tmpdir(), "pages-"))
  const names = ["2MB", "1GB"].flatMap((size) => [
    `hugetlb.${size}.${limit}`,
    `hugetlb.${size}.rsvd.${limit}`,
    `hugetlb.${size}.${usage}`,
  ])
  for (const name of names) writeFileSync(join(group, name), "before")
  const read = () =>
    Object.fromEntries(readdirSync(group).map((name) => [name, readFileSync(join(group, name), "utf8")]))
  await limitHugePages(group, undefined)
  expect(new Set(Object.values(read()))).toEqual(new Set(["before"]))
  await limitHugePages(group, { "2MB": 4 << 20 })
  expect(read()).toEqual({
    [`hugetlb.2MB.${limit}`]: "4194304",
    [`hugetlb.2MB.rsvd.${limit}`]: "4194304",
    [`hugetlb.2MB.${usage}`]: "before",
    [`hugetlb.1GB.${limit}`]: "0",
    [`hugetlb.1GB.rsvd.${limit}`]: "0",
    [`hugetlb.1GB.${usage}`]: "before",
  })
  rmSync(group, { recursive: true })
})
