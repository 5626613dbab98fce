import { mkdir, readdir, rm, stat } from "node:fs/promises"
import { basename, join } from "node:path"
import type { Commands } from "../../base/commands.ts"
import { isMounted, mountsBelow } from "../../base/real/mount-table.ts"
import { resolveInRoot } from "../../base/real/resolve-in-root.ts"
import { type ImageSpec, type Mount, RuntimeError, type RuntimeService } from "../cri.ts"
import type { SnapshotMount } from "./containerd-messages.ts"
import type { Snapshots } from "./snapshots.ts"

export interface ImageVolumesOptions {
  readonly snapshots: Snapshots
  /** Where images are mounted: `<directory>/<sandbox>/<image>`. */
  readonly directory: string
  readonly commands: Commands
}

/**
 * Image volumes for a containerd whose CRI does not know them (before 2.1): the image is mounted read-only on the host,
 * once per sandbox, and goes into the container as a directory of the host. What is mounted lasts until the sandbox is
 * stopped. Nothing is remembered but what lies in `directory`, so that a process that starts anew goes on.
 */
export function withImageVolumes(runtime: RuntimeService, options: ImageVolumesOptions): RuntimeService {
  return {
    ...runtime,
    async createContainer(sandboxId, config, sandboxConfig) {
      const mounts: Mount[] = []
      for (const mount of config.mounts ?? [])
        mounts.push(mount.image ? await toHostMount(options, sandboxId, mount, mount.image) : mount)
      return runtime.createContainer(sandboxId, { ...config, mounts }, sandboxConfig)
    },
    async stopPodSandbox(id) {
      await runtime.stopPodSandbox(id)
      await release(options, id)
    },
    async removePodSandbox(id) {
      await runtime.removePodSandbox(id)
      await release(options, id)
    },
  }
}

/** Whether this version's CRI mounts images by itself. */
export function mountsImages({ runtimeVersion }: { readonly runtimeVersion: string }): boolean {
  const [major = 0, minor = 0] = runtimeVersion.replace(/^v/, "").split(".").map(Number)
  return major > 2 || (major === 2 && minor >= 1)
}

async function toHostMount(
  options: ImageVolumesOptions,
  sandboxId: string,
  mount: Mount,
  image: ImageSpec,
): Promise<Mount> {
  const { image: _, imageSubPath = "", ...rest } = mount
  try {
    const root = await mountImage(options, sandboxId, image.image)
    const hostPath = await resolveInRoot(root, imageSubPath)
    if (imageSubPath) await stat(hostPath)
    return { ...rest, hostPath, readonly: true }
  } catch (error) {
    // By this word the kubelet tells it from other failures.
    throw new RuntimeError("Unknown", `ImageVolumeMountFailed: ${(error as Error).message}`)
  }
}

async function mountImage(
  { snapshots, directory, commands }: ImageVolumesOptions,
  sandboxId: string,
  image: string,
): Promise<string> {
  const target = join(directory, sandboxId, image.replace(/^sha256:/, "").replaceAll("/", "_"))
  await mkdir(target, { recursive: true })
  if (await isMounted(target)) return target
  for (const mount of await snapshots.view(target, image))
    await commands.run(...mountCommand(asReadOnly(mount), target))
  return target
}

async function release(
  { snapshots, directory, commands }: ImageVolumesOptions,
  sandboxId: string,
): Promise<void> {
  const own = join(directory, sandboxId)
  const names = await readdir(own).catch(() => [])
  const mounted = await mountsBelow(own)
  for (const name of names) {
    const target = join(own, name)
    if (mounted.includes(target)) await commands.run("umount", ["--lazy", target])
    await snapshots.remove(target)
  }
  await rm(own, { recursive: true, force: true })
}

function asReadOnly(mount: SnapshotMount): SnapshotMount {
  return mount.options.includes("ro") ? mount : { ...mount, options: [...mount.options, "ro"] }
}

/**
 * The kernel takes at most a page of options, which the directories of many layers fill. They lie side by side, so that
 * from where they lie a few characters name each.
 */
function mountCommand({ type, source, options }: SnapshotMount, target: string): [string, string[]] {
  const lowerDirectories = options
    .find((option) => option.startsWith("lowerdir="))
    ?.slice(9)
    .split(":")
  const text = options.join(",")
  const plain = ["-t", type, "-o", text, source, target]
  if (!lowerDirectories || text.length < longOptions) return ["mount", plain]
  const common = commonDirectory(lowerDirectories)
  const short = text.replaceAll(`${common}/`, "")
  return ["env", ["-C", common, "mount", "--no-canonicalize", "-t", type, "-o", short, source, target]]
}

const longOptions = 3500

function commonDirectory(paths: readonly string[]): string {
  let common = paths[0] ?? "/"
  while (!paths.every((path) => path.startsWith(`${common}/`)) && common.includes("/"))
    common = common.slice(0, common.length - basename(common).length - 1)
  return common
}
