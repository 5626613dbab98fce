import { mkdir, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { replaceFile } from "../../../base/real/replace-file.ts"
import { blockVolumes, type KubeletPaths } from "../kubelet-paths.ts"

/** What is noted beside a CSI volume, so that it can be unmounted by a process that did not mount it; as upstream's. */
export interface CsiVolumeData {
  readonly specVolID: string
  readonly volumeHandle: string
  readonly driverName: string
  readonly nodeName: string
  readonly volumeLifecycleMode: "Persistent" | "Ephemeral"
  readonly attachmentID: string
}

const fileName = "vol_data.json"

export async function writeVolumeData(directory: string, data: CsiVolumeData): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o750 })
  await replaceFile(join(directory, fileName), JSON.stringify(data))
}

/** Undefined where no volume was begun. */
async function readVolumeData(directory: string): Promise<CsiVolumeData | undefined> {
  const text = await readFile(join(directory, fileName), "utf8").catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as CsiVolumeData)
}

/** A CSI volume that lies in a directory, with what is noted of it. */
export interface NotedVolume {
  readonly directory: string
  readonly data: CsiVolumeData
}

/** Those that were begun on this node, of one driver or of all. */
export async function listStaged(paths: KubeletPaths, driver?: string): Promise<readonly NotedVolume[]> {
  if (driver !== undefined) return listVolumeData(paths.csiDriver(driver))
  const drivers = (await names(paths.csi)).filter((name) => name !== blockVolumes)
  return (await Promise.all(drivers.map((name) => listVolumeData(paths.csiDriver(name))))).flat()
}

/** Those that were begun for a pod; `target` is where each was published. */
export async function listPublished(
  paths: KubeletPaths,
  podUid: string,
): Promise<readonly (NotedVolume & { readonly target: string })[]> {
  const [volumes, devices] = await Promise.all([
    listVolumeData(paths.csiVolumes(podUid)),
    listVolumeData(paths.csiDevices(podUid)),
  ])
  return [
    ...volumes.map((volume) => ({ ...volume, target: join(volume.directory, "mount") })),
    ...devices.map((device) => ({
      ...device,
      target: paths.csiPublishedDevice(podUid, device.data.specVolID),
    })),
  ]
}

/** Those of all pods. */
export async function listAllPublished(paths: KubeletPaths): Promise<readonly NotedVolume[]> {
  const pods = await names(paths.pods)
  return (await Promise.all(pods.map((podUid) => listPublished(paths, podUid)))).flat()
}

async function listVolumeData(parent: string): Promise<readonly NotedVolume[]> {
  const found: NotedVolume[] = []
  for (const name of await names(parent)) {
    const directory = join(parent, name)
    const data = await readVolumeData(directory)
    if (data) found.push({ directory, data })
  }
  return found
}

function names(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => [])
}
