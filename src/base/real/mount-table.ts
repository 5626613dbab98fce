import { readFile, stat } from "node:fs/promises"

/** What is mounted somewhere, in the order in which it was. */
export interface MountEntry {
  readonly point: string
  /** Of the file system: major and minor number, "98:0". */
  readonly device: string
  /** Mounts below it are passed on to others that see it. */
  readonly isShared: boolean
}

/**
 * The mounts that this process sees, from /proc/self/mountinfo:
 * "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 shared:2 - ext3 ...". What stands before the hyphen is the propagation.
 */
export async function readMountTable(): Promise<readonly MountEntry[]> {
  const table = await readFile("/proc/self/mountinfo", "utf8")
  return table.split("\n").map((line) => {
    const [, , device = "", , point = "", , ...rest] = line.split(" ")
    const isShared = rest.slice(0, rest.indexOf("-")).some((field) => field.startsWith("shared:"))
    return { point: unescape(point), device, isShared }
  })
}

/** The mount points at or below a directory, the deepest first: the order in which they can be unmounted. */
export async function mountsBelow(directory: string): Promise<readonly string[]> {
  const table = await readMountTable()
  return table
    .map(({ point }) => point)
    .filter((point) => point === directory || point.startsWith(`${directory}/`))
    .reverse()
}

export async function isMounted(directory: string): Promise<boolean> {
  return (await mountsBelow(directory)).includes(directory)
}

/** Whether the file system on a block device is mounted anywhere. */
export async function isDeviceMounted(path: string): Promise<boolean> {
  const { rdev } = await stat(path)
  // As the kernel packs them into one number.
  const major = (rdev >>> 8) & 0xfff
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00)
  return (await readMountTable()).some(({ device }) => device === `${major}:${minor}`)
}

/** The kernel writes blanks and backslashes of paths as octal numbers. */
function unescape(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}
