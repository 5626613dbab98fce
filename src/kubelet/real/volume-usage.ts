import { lstat, readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { Clock } from "../../base/clock.ts"
import type { FilesystemSpace, VolumeUsage } from "../node-host.ts"
import { filesystemSpace } from "./usage.ts"

/** Counting what lies in a directory is work: the figures may be a minute old. */
const ageMs = 60_000

/** What volumes hold: those with a file system of their own by asking it, the others by counting their files. */
export class VolumeUsages {
  readonly #rootDirectory: string
  readonly #clock: Clock
  readonly #known = new Map<string, { readonly atMs: number; readonly usages: readonly VolumeUsage[] }>()

  /** @param rootDirectory the kubelet's: volumes are in `pods/UID/volumes`, those of secrets in `secrets/UID` */
  constructor(rootDirectory: string, clock: Clock) {
    this.#rootDirectory = rootDirectory
    this.#clock = clock
  }

  async of(pod: Pod): Promise<readonly VolumeUsage[]> {
    const { uid } = pod.metadata
    const known = this.#known.get(uid)
    const nowMs = this.#clock.monotonic()
    if (known && nowMs - known.atMs < ageMs) return known.usages
    for (const [each, { atMs }] of this.#known) if (nowMs - atMs >= ageMs) this.#known.delete(each)
    const usages = await readVolumes(
      [join(this.#rootDirectory, "pods", uid, "volumes"), join(this.#rootDirectory, "secrets", uid)],
      pod,
    )
    this.#known.set(uid, { atMs: nowMs, usages })
    return usages
  }
}

async function readVolumes(directories: readonly string[], pod: Pod): Promise<VolumeUsage[]> {
  const usages: VolumeUsage[] = []
  for (const volume of pod.spec.volumes ?? []) {
    // The machine's own directories are not the pod's.
    if (volume.hostPath || volume.image) continue
    const path = await findVolume(directories, volume.name)
    const claimName = volume.persistentVolumeClaim?.claimName
    const generic = volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : undefined
    const claim = claimName ?? generic
    const space = path && (await usageOf(path, claim !== undefined))
    if (space) usages.push({ name: volume.name, space, ...(claim && { claim }) })
  }
  return usages
}

/** It lies below a directory of the volume's kind. */
async function findVolume(directories: readonly string[], name: string): Promise<string | undefined> {
  for (const directory of directories)
    for (const kind of await readdir(directory).catch(() => [])) {
      const path = join(directory, kind, name)
      if (await stat(path).catch(() => undefined)) return path
    }
  return undefined
}

/** A claim's volume is told of as a file system, whether it has one to itself or not. */
async function usageOf(path: string, isClaim: boolean): Promise<FilesystemSpace | undefined> {
  try {
    const [own, parent, space] = await Promise.all([
      stat(path),
      stat(join(path, "..")),
      filesystemSpace(path),
    ])
    if (isClaim || own.dev !== parent.dev) return space
    const { bytes, count } = await countFiles(path)
    return { ...space, usedBytes: bytes, inodesUsed: count }
  } catch {
    return undefined
  }
}

async function countFiles(directory: string): Promise<{ bytes: number; count: number }> {
  const total = { bytes: 0, count: 1 }
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      const { bytes, count } = await countFiles(path)
      total.bytes += bytes
      total.count += count
    } else {
      total.bytes += (await lstat(path)).blocks * 512
      total.count++
    }
  }
  return total
}
