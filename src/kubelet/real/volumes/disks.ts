import { mkdir } from "node:fs/promises"
import { CommandError, type Commands } from "../../../base/commands.ts"
import type { Logger } from "../../../base/log.ts"
import { messageOf } from "../../../base/message-of.ts"
import { KeyedQueue } from "../../../base/keyed-queue.ts"
import { isDeviceMounted, isMounted } from "../../../base/real/mount-table.ts"

export interface DiskMount {
  /** The block device. */
  readonly device: string
  readonly directory: string
  /** @default "ext4" */
  readonly fsType?: string | undefined
  readonly options: readonly string[]
}

/** The same when it is known what file system there is to be. */
type TypedDiskMount = DiskMount & { readonly fsType: string }

const partitioned = "unknown data, probably partitions"
/** No questions asked, and nothing kept back for the superuser. */
const formatArguments: Readonly<Record<string, readonly string[]>> = {
  ext3: ["-F", "-m0"],
  ext4: ["-F", "-m0"],
  xfs: ["-f"],
}
const exitCodes = { nothingFound: 2, errorsCorrected: 1, errorsLeft: 4 }

/** Block devices with file systems on them; one that has none yet is given one, as upstream does. */
export class Disks {
  readonly #commands: Commands
  readonly #log: Logger
  /** Two pods that come together must not both find a new disk. */
  readonly #queue = new KeyedQueue()

  constructor(commands: Commands, log: Logger) {
    this.#commands = commands
    this.#log = log
  }

  /** Mounts a device, formatting it before if it is new; done before, nothing happens. Throws in upstream's words. */
  mount(disk: DiskMount): Promise<void> {
    return this.#queue.run(disk.device, async () => {
      await mkdir(disk.directory, { recursive: true })
      if (await isMounted(disk.directory)) return
      const { device, directory, fsType = "ext4", options } = disk
      if (!(await isDeviceMounted(device))) await this.#prepare({ ...disk, fsType })
      await this.#commands.run("mount", [
        "-t",
        fsType,
        "-o",
        [...options, "defaults"].join(","),
        device,
        directory,
      ])
    })
  }

  /** Has a mounted file system fill its device, which has become larger. */
  async grow(device: string, directory: string): Promise<void> {
    const format = await this.#formatOf(device)
    if (format === "ext3" || format === "ext4") await this.#commands.run("resize2fs", [device])
    else if (format === "xfs") await this.#commands.run("xfs_growfs", ["-d", directory])
    else if (format === "btrfs") await this.#commands.run("btrfs", ["filesystem", "resize", "max", directory])
    else
      throw new Error(
        `ResizeFS.Resize - resize of format ${format ?? ""} is not supported for device ${device} mounted at ${directory}`,
      )
  }

  async #prepare(disk: TypedDiskMount): Promise<void> {
    const { device, fsType, options } = disk
    const isReadOnly = options.includes("ro")
    const format = await this.#formatOf(device)
    if (format === undefined) {
      if (isReadOnly)
        throw new Error(`cannot mount unformatted disk ${device} as we are manipulating it in read-only mode`)
      return this.#format(disk)
    }
    if (format !== fsType)
      this.#log.warn("disk has another file system than was asked for", { device, format, asked: fsType })
    if (!isReadOnly) await this.#repair(device)
  }

  /** Undefined: there is nothing on it. */
  async #formatOf(device: string): Promise<string | undefined> {
    const args = ["-p", "-s", "TYPE", "-s", "PTTYPE", "-o", "export", device]
    let output: string
    try {
      output = await this.#commands.run("blkid", args)
    } catch (error) {
      if (exitCodeOf(error) === exitCodes.nothingFound) return undefined
      throw new Error(`failed to get disk format of disk ${device}: ${messageOf(error)}`, { cause: error })
    }
    if (/^PTTYPE=./m.test(output)) return partitioned
    return /^TYPE=(.+)$/m.exec(output)?.[1]
  }

  async #format(disk: TypedDiskMount): Promise<void> {
    const { device, fsType } = disk
    this.#log.info("formatting a new disk", { device, fsType })
    try {
      await this.#commands.run(`mkfs.${fsType}`, [...(formatArguments[fsType] ?? []), device])
    } catch (error) {
      throw new Error(formatFailure(disk, error), { cause: error })
    }
  }

  async #repair(device: string): Promise<void> {
    try {
      await this.#commands.run("fsck", ["-a", device])
    } catch (error) {
      const code = exitCodeOf(error)
      if (code === exitCodes.errorsLeft) {
        const what = `'fsck' found errors on device ${device} but could not correct them: ${messageOf(error)}`
        throw new Error(what, { cause: error })
      }
      const outcome = code === exitCodes.errorsCorrected ? "fsck corrected errors" : "fsck did not run"
      this.#log.warn(outcome, { device, error })
    }
  }
}

function exitCodeOf(error: unknown): number | undefined {
  return error instanceof CommandError ? error.exitCode : undefined
}

function formatFailure({ device, directory, fsType, options }: TypedDiskMount, error: unknown): string {
  const code = exitCodeOf(error)
  const quoted = [...options, "defaults"].map((option) => `"${option}"`).join(" ")
  return (
    `format of disk "${device}" failed: type:("${fsType}") target:("${directory}") options:([${quoted}]) ` +
    `errcode:(${code === undefined ? "not started" : `exit status ${code}`}) output:(${messageOf(error)}) `
  )
}
