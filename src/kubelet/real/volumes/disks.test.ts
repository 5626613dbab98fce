import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { CommandError } from "../../../base/commands.ts"
import { silentLogger } from "../../../base/log.ts"
import { Disks } from "./disks.ts"

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "coracle-disks-"))
})
afterAll(() => rmSync(directory, { recursive: true }))

// A device that is there on every machine and has no file system mounted.
const device = "/dev/null"

/** Mounts with programs that end as told: a text is output, a number an exit code. Gives what was run. */
async function mount(ends: Record<string, string | number>, options: string[] = [], fsType?: string) {
  const { ran, disks } = withPrograms(ends)
  await disks.mount({ device, directory, options, fsType })
  return ran
}

async function grow(blkid: string): Promise<string | undefined> {
  const { ran, disks } = withPrograms({ blkid })
  await disks.grow(device, directory)
  return ran.at(-1)
}

function withPrograms(ends: Record<string, string | number>) {
  const ran: string[] = []
  const commands = {
    async run(program: string, args: readonly string[]): Promise<string> {
      const end = ends[program] ?? ""
      ran.push([program, ...args].join(" "))
      if (typeof end === "number") throw new CommandError(program, end, "said why")
      return end
    },
  }
  return { ran, disks: new Disks(commands, silentLogger) }
}

const look = "blkid -p -s TYPE -s PTTYPE -o export /dev/null"

describe("a disk", () => {
  it("that is new gets a file system", async () => {
    expect(await mount({ blkid: 2 })).toEqual([
      look,
      "mkfs.ext4 -F -m0 /dev/null",
      `mount -t ext4 -o defaults /dev/null ${directory}`,
    ])
    expect((await mount({ blkid: 2 }, ["noatime"], "xfs")).slice(1)).toEqual([
      "mkfs.xfs -f /dev/null",
      `mount -t xfs -o noatime,defaults /dev/null ${directory}`,
    ])
  })

  it("that has one is looked through, and never formatted", async () => {
    const then = ["fsck -a /dev/null", `mount -t ext4 -o defaults /dev/null ${directory}`]
    expect(await mount({ blkid: "TYPE=ext4\n" })).toEqual([look, ...then])
    expect(await mount({ blkid: "TYPE=xfs\n" })).toEqual([look, ...then])
    expect(await mount({ blkid: "PTTYPE=gpt\n" })).toEqual([look, ...then])
    expect(await mount({ blkid: "TYPE=ext4\n", fsck: 1 })).toEqual([look, ...then])
    expect(await mount({ blkid: "TYPE=ext4\n", fsck: 8 })).toEqual([look, ...then])
  })

  it("is not changed where it is only read", async () => {
    expect(await mount({ blkid: "TYPE=ext4\n" }, ["ro"])).toEqual([
      look,
      `mount -t ext4 -o ro,defaults /dev/null ${directory}`,
    ])
    await expect(mount({ blkid: 2 }, ["ro"])).rejects.toThrow(
      "cannot mount unformatted disk /dev/null as we are manipulating it in read-only mode",
    )
  })

  it("grows by the program of its file system", async () => {
    expect(await grow("TYPE=ext4\n")).toBe("resize2fs /dev/null")
    expect(await grow("TYPE=xfs\n")).toBe(`xfs_growfs -d ${directory}`)
    expect(await grow("TYPE=btrfs\n")).toBe(`btrfs filesystem resize max ${directory}`)
    await expect(grow("TYPE=vfat\n")).rejects.toThrow("resize of format vfat is not supported for device")
  })

  it("is not mounted when something is wrong with it", async () => {
    await expect(mount({ blkid: 4 })).rejects.toThrow(
      "failed to get disk format of disk /dev/null: blkid: said",
    )
    await expect(mount({ blkid: "TYPE=ext4\n", fsck: 4 })).rejects.toThrow(
      "'fsck' found errors on device /dev/null but could not correct them: fsck: said why",
    )
    await expect(mount({ blkid: 2, "mkfs.ext4": 1 })).rejects.toThrow(
      'options:(["defaults"]) errcode:(exit status 1) output:(mkfs.ext4: said why) ',
    )
  })
})
