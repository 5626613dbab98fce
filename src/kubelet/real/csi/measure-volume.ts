import type { FilesystemSpace } from "../../node-host.ts"
import type { CsiDriver } from "./csi-driver.ts"

/** How full a volume is, as its driver says; undefined where it does not. */
export async function measureVolume(
  driver: CsiDriver,
  { handle, target, staged }: { readonly handle: string; readonly target: string; readonly staged: string },
): Promise<FilesystemSpace | undefined> {
  if (!(await driver.can("GET_VOLUME_STATS"))) return undefined
  const usages = await driver.stats(handle, target, staged)
  const bytes = usages.find(({ unit }) => unit === "BYTES")
  const inodes = usages.find(({ unit }) => unit === "INODES")
  return {
    capacityBytes: bytes?.total ?? 0,
    availableBytes: bytes?.available ?? 0,
    usedBytes: bytes?.used ?? 0,
    inodes: inodes?.total ?? 0,
    inodesFree: inodes?.available ?? 0,
    inodesUsed: inodes?.used ?? 0,
  }
}
