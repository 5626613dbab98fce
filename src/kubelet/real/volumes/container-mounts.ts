import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Commands } from "../../../base/commands.ts"
import type { Container, VolumeMount } from "../../../api/core/v1/container.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { Volume } from "../../../api/core/v1/volume.ts"
import type { Mount } from "../../../container-runtime/cri.ts"
import { expandVariables, missingVariables } from "../../containers/expand-variables.ts"
import type { ContainerMountNeeds } from "../../node-host.ts"
import { isRecursivelyReadOnly } from "../../volumes/recursive-read-only.ts"
import type { MountedVolume } from "./mounted-volume.ts"
import { unmountBelow } from "./mounts.ts"
import { openSubPath } from "./sub-path.ts"

export interface ContainerMountsContext {
  readonly pod: Pod
  readonly container: Container
  readonly needs: ContainerMountNeeds
  /** The pod's volumes, by name. */
  readonly mounted: ReadonlyMap<string, MountedVolume>
  /** The pod's own, on the host. */
  readonly podDirectory: string
  readonly commands: Commands
}

/** What a container mounts of its pod's volumes. Throws, in upstream's words, when it cannot be had. */
export async function containerMounts(context: ContainerMountsContext): Promise<Mount[]> {
  const { pod, container, mounted, needs } = context
  const mounts: Mount[] = []
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const volume = pod.spec.volumes?.find(({ name }) => name === mount.name)
    const found = mounted.get(mount.name)
    if (!volume || !found)
      throw new Error(`cannot find volume "${mount.name}" to mount into container "${container.name}"`)
    const subPath = expandSubPath(mount, needs.variables)
    const image = needs.imageVolumes.get(mount.name)
    const source = image
      ? { hostPath: "", image, ...(subPath && { imageSubPath: subPath }) }
      : {
          hostPath: subPath
            ? await bindSubPath(context, mount, { path: found.path, subPath, index })
            : found.path,
        }
    mounts.push({
      ...source,
      containerPath: mount.mountPath.startsWith("/") ? mount.mountPath : `/${mount.mountPath}`,
      readonly: (mount.readOnly ?? false) || (found.isReadOnly ?? isReadOnly(volume)),
      propagation: propagations[mount.mountPropagation ?? "None"],
      ...(isRecursivelyReadOnly(mount, needs.recursiveReadOnly) && { recursiveReadOnly: true }),
    })
  }
  return mounts
}

/** Throws, in upstream's words, when the expression cannot be expanded or leads out of the volume. */
function expandSubPath(mount: VolumeMount, variables: Readonly<Record<string, string>>): string {
  let path = mount.subPath ?? ""
  if (mount.subPathExpr) {
    const missing = missingVariables(mount.subPathExpr, variables)
    if (missing.length > 0) throw new Error(`missing value for "${missing[0]}"`)
    path = expandVariables(mount.subPathExpr, variables)
  }
  if (path.startsWith("/")) throw new Error(`error SubPath \`${path}\` must not be an absolute path`)
  if (path.split("/").includes(".."))
    throw new Error(`unable to provision SubPath \`${path}\`: must not contain '..'`)
  return path
}

function isReadOnly({ configMap, secret, downwardAPI, projected, image }: Volume): boolean {
  return Boolean(configMap ?? secret ?? downwardAPI ?? projected ?? image)
}

const propagations = {
  None: "PROPAGATION_PRIVATE",
  HostToContainer: "PROPAGATION_HOST_TO_CONTAINER",
  Bidirectional: "PROPAGATION_BIDIRECTIONAL",
} as const

/** Mounts a part of a volume to a place of its own, from which it goes into the container. */
async function bindSubPath(
  { container, podDirectory, commands }: ContainerMountsContext,
  { name }: VolumeMount,
  { path, subPath, index }: { path: string; subPath: string; index: number },
): Promise<string> {
  const target = join(podDirectory, "volume-subpaths", name, container.name, String(index))
  await unmountBelow(target, commands)
  await rm(target, { recursive: true, force: true })
  const handle = await openSubPath(path, subPath).catch(() => {
    // The details could tell a pod of the host's files.
    throw new Error(`failed to prepare subPath for volumeMount "${name}" of container "${container.name}"`)
  })
  try {
    const isDirectory = (await handle.stat()).isDirectory()
    await mkdir(isDirectory ? target : join(target, ".."), { recursive: true })
    if (!isDirectory) await commands.run("touch", [target])
    const source = `/proc/${process.pid}/fd/${handle.fd}`
    await commands.run("mount", ["--no-canonicalize", "--bind", source, target])
  } finally {
    await handle.close()
  }
  return target
}
