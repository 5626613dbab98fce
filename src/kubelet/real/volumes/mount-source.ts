import { chmod, mkdir } from "node:fs/promises"
import { isMounted } from "../../../base/real/mount-table.ts"
import { quantityValue } from "../../../apimachinery/quantity.ts"
import type { Volume } from "../../../api/core/v1/volume.ts"
import { ephemeralCsiVolume } from "../../volumes/csi-volume.ts"
import { sha256 } from "../kubelet-paths.ts"
import { mountHostPath } from "./host-path.ts"
import { mountClaim } from "./mount-claim.ts"
import type { MountContext } from "./mount-context.ts"
import { mountNfs } from "./mount-nfs.ts"
import type { MountedVolume } from "./mounted-volume.ts"
import { giveToPodsGroup } from "./ownership.ts"
import { isHugePageMedium, pageSizeOfMedium } from "../../containers/huge-pages.ts"

/** Mounts a volume that is a place on a disk or a server; undefined for volumes that are files made from objects. */
export async function mountSource(context: MountContext, volume: Volume): Promise<MountedVolume | undefined> {
  const { hostPath, emptyDir, nfs, persistentVolumeClaim, ephemeral, image, csi } = volume
  // Images are mounted by the container runtime, container by container.
  if (image) return { path: "" }
  if (hostPath) return mountHostPath(context, hostPath)
  if (csi) {
    const handle = `csi-${sha256(context.pod.metadata.uid + volume.name)}`
    return context.csi.mount(context.pod, ephemeralCsiVolume(context.pod, volume.name, { handle, csi }))
  }
  if (emptyDir) return mountEmptyDir(context, emptyDir)
  if (nfs) return mountNfs(context, nfs)
  if (persistentVolumeClaim)
    return mountClaim(context, persistentVolumeClaim.claimName, persistentVolumeClaim.readOnly ?? false)
  // The ephemeral volume controller makes a claim with this name, owned by the pod.
  if (ephemeral) return mountClaim(context, `${context.pod.metadata.name}-${volume.name}`, false)
  return undefined
}

async function mountEmptyDir(
  { pod, directory, commands }: MountContext,
  { medium, sizeLimit }: NonNullable<Volume["emptyDir"]>,
): Promise<MountedVolume> {
  await mkdir(directory, { recursive: true })
  if (medium !== undefined && isHugePageMedium(medium)) {
    const option = `pagesize=${pageSizeOfMedium(pod, medium).text}`
    if (!(await isMounted(directory)))
      await commands.run("mount", ["-t", "hugetlbfs", "-o", option, "nodev", directory])
    await giveToPodsGroup(pod, directory)
    return { path: directory }
  }
  // A kubelet that starts anew finds the memory in use.
  if (medium === "Memory" && !(await isMounted(directory))) {
    const size = sizeLimit === undefined ? [] : ["-o", `size=${quantityValue(sizeLimit)}`]
    await commands.run("mount", ["-t", "tmpfs", ...size, "tmpfs", directory])
  }
  // As upstream, where memory keeps the mode with which the kernel makes it: what is there goes only with its owner.
  await chmod(directory, medium === "Memory" ? 0o1777 : 0o777)
  await giveToPodsGroup(pod, directory)
  return { path: directory }
}
