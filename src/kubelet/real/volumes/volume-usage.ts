import { readFile, stat } from "node:fs/promises"
import type { Commands } from "../../../base/commands.ts"
import type { Volume } from "../../../api/core/v1/volume.ts"
import type { FilesystemSpace, VolumeUsage } from "../../node-host.ts"
import { filesystemSpace } from "../usage.ts"
import type { MountedVolume } from "./mounted-volume.ts"

/**
 * How full a pod's volumes are. What shares the node's disk is counted file by file, everything else asked of its file
 * system or driver; of places of the host nothing is said, as upstream.
 */
export async function measureVolumes(
  volumes: readonly Volume[],
  mounted: ReadonlyMap<string, MountedVolume>,
  commands: Commands,
): Promise<VolumeUsage[]> {
  const shared = volumes.filter((volume) => isOnSharedDisk(volume) && mounted.has(volume.name))
  const counts = await countFiles(
    shared.map(({ name }) => mounted.get(name)!.path),
    commands,
  )
  const usages: VolumeUsage[] = []
  for (const volume of volumes) {
    const place = mounted.get(volume.name)
    if (!place || volume.hostPath || volume.image) continue
    const space = await spaceOf(place, counts.get(place.path)).catch(() => undefined)
    if (!space) continue
    const { name } = volume
    usages.push({ name, space, ...(place.claim && { claim: place.claim }), isLocal: isLocal(volume) })
  }
  return usages
}

async function spaceOf(
  { path, measure, isDevice }: MountedVolume,
  count: { bytes: number; inodes: number } | undefined,
): Promise<FilesystemSpace | undefined> {
  if (measure) return measure()
  if (isDevice) return deviceSpace(path)
  const space = await filesystemSpace(path)
  return count ? { ...space, usedBytes: count.bytes, inodesUsed: count.inodes } : space
}

const sectorBytes = 512

/** Of a device its size alone is known: what is on it is its user's business. */
async function deviceSpace(path: string): Promise<FilesystemSpace> {
  const { rdev } = await stat(path)
  // As the C library takes a device's number apart.
  const major = ((rdev >> 8) & 0xfff) | (Math.floor(rdev / 2 ** 32) & ~0xfff)
  const minor = (rdev & 0xff) | ((rdev >> 12) & ~0xff & 0xfffff)
  const sectors = Number(await readFile(`/sys/dev/block/${major}:${minor}/size`, "utf8"))
  return {
    capacityBytes: sectors * sectorBytes,
    availableBytes: 0,
    usedBytes: 0,
    inodes: 0,
    inodesFree: 0,
    inodesUsed: 0,
  }
}

function isOnSharedDisk({ emptyDir, configMap, secret, downwardAPI, projected }: Volume): boolean {
  return emptyDir ? !emptyDir.medium : Boolean(configMap ?? secret ?? downwardAPI ?? projected)
}

function isLocal({ emptyDir, configMap, downwardAPI }: Volume): boolean {
  return emptyDir ? !emptyDir.medium : Boolean(configMap ?? downwardAPI)
}

/** By `du`: a tree can be so big that walking it here would hold everything else up. */
async function countFiles(
  paths: readonly string[],
  commands: Commands,
): Promise<Map<string, { bytes: number; inodes: number }>> {
  const counts = new Map<string, { bytes: number; inodes: number }>()
  if (paths.length === 0) return counts
  const [bytes, inodes] = await Promise.all([
    diskUsage(["--block-size=1"], paths, commands),
    diskUsage(["--inodes"], paths, commands),
  ])
  for (const path of paths) counts.set(path, { bytes: bytes.get(path) ?? 0, inodes: inodes.get(path) ?? 0 })
  return counts
}

async function diskUsage(
  flags: readonly string[],
  paths: readonly string[],
  commands: Commands,
): Promise<Map<string, number>> {
  // It ends with 1 when a file went while it was counting; what it printed is right.
  const script = 'du "$@" 2>/dev/null || true'
  const args = [...flags, "--summarize", "--one-file-system", "--", ...paths]
  const text = await commands.run("sh", ["-c", script, "du", ...args])
  return new Map(
    text
      .split("\n")
      .filter(Boolean)
      .map((line) => {
        const [count = "0", path = ""] = line.split("\t")
        return [path, Number(count)]
      }),
  )
}
