import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"

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

export async function writeVolumeData(directory: string, data: Partial<CsiVolumeData>): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o750 })
  const temporary = join(directory, `${fileName}.tmp`)
  await writeFile(temporary, JSON.stringify(data))
  await rename(temporary, join(directory, fileName))
}

/** Undefined where no volume was begun. */
export async function readVolumeData(directory: string): Promise<CsiVolumeData | undefined> {
  const text = await readFile(join(directory, fileName), "utf8").catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as CsiVolumeData)
}

/** The directories in `parent` that hold a volume, with what is noted of it. */
export async function listVolumeData(
  parent: string,
): Promise<readonly { readonly directory: string; readonly data: CsiVolumeData }[]> {
  const found: { directory: string; data: CsiVolumeData }[] = []
  for (const name of await readdir(parent).catch(() => [])) {
    const directory = join(parent, name)
    const data = await readVolumeData(directory)
    if (data) found.push({ directory, data })
  }
  return found
}
