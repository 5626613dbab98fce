import { mkdir, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { replaceFile } from "../../../base/real/replace-file.ts"

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
