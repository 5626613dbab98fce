import { mkdir } from "node:fs/promises"
import { isMounted } from "../../../base/real/mount-table.ts"
import type { Volume } from "../../../api/core/v1/volume.ts"
import type { MountContext } from "./mount-context.ts"
import type { MountedVolume } from "./mounted-volume.ts"

/** @param mountOptions of the persistent volume, where it is one */
export async function mountNfs(
  { directory, commands }: MountContext,
  { server, path, readOnly }: NonNullable<Volume["nfs"]>,
  mountOptions: readonly string[] = [],
): Promise<MountedVolume> {
  await mkdir(directory, { recursive: true })
  const options = [...(readOnly ? ["ro"] : []), ...mountOptions]
  const source = `${server.includes(":") ? `[${server}]` : server}:${path}`
  if (!(await isMounted(directory)))
    await commands.run("mount", [
      "-t",
      "nfs",
      ...(options.length > 0 ? ["-o", options.join(",")] : []),
      source,
      directory,
    ])
  return { path: directory }
}
