import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { formatQuantity, quantityFromNumber } from "../../apimachinery/quantity.ts"

/** The kernel's pages of each size that it has, by resource ("hugepages-1Gi"), in bytes. Never rejects. */
export async function readHugePages(
  directory = "/sys/kernel/mm/hugepages",
): Promise<Readonly<Record<string, number>>> {
  const names = await readdir(directory).catch(() => [])
  const found = names.map(async (name) => {
    const bytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0) * 1024
    const count = await readFile(join(directory, name, "nr_hugepages"), "utf8").catch(() => "0")
    const size = formatQuantity(quantityFromNumber(bytes, "BinarySI"))
    return [`hugepages-${size}`, Number(count) * bytes] as const
  })
  return Object.fromEntries((await Promise.all(found)).sort())
}
