import { readdir, writeFile } from "node:fs/promises"
import { join } from "node:path"

/** "hugetlb.2MB.limit_in_bytes" in version 1 of control groups, "hugetlb.2MB.max" in version 2; what is reserved counts too. */
const limitFile = /^hugetlb\.([^.]+)\.(rsvd\.)?(limit_in_bytes|max)$/

/**
 * Holds a control group to so many bytes of pages of each size ("2MB"), and to none of other sizes; left out, nothing changes. Does
 * nothing where the kernel does not count pages by group.
 */
export async function limitHugePages(
  group: string,
  bytes: Readonly<Record<string, number>> | undefined,
): Promise<void> {
  if (!bytes) return
  for (const name of await readdir(group)) {
    const [, size] = limitFile.exec(name) ?? []
    if (size) await writeFile(join(group, name), String(bytes[size] ?? 0))
  }
}
