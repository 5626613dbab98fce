import { execFileSync } from "node:child_process"
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { VolumeFiles } from "../../volumes/volume-files.ts"
import { writeAtomically } from "./atomic-directory.ts"
import { ensureHostPath } from "./host-path.ts"
import { openSubPath } from "./sub-path.ts"
import { readVolumeVariable } from "./volume-variable.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "coracle-volume-"))
})
afterEach(() => rm(directory, { recursive: true }))

const files = (entries: Record<string, string>, mode = 0o644): VolumeFiles =>
  new Map(Object.entries(entries).map(([path, text]) => [path, { content: Buffer.from(text), mode }]))

describe("files that change at once", () => {
  it("are links into a directory that is replaced as a whole", async () => {
    expect(await writeAtomically(directory, files({ a: "1", "sub/b": "2" }), { version: "v1" })).toBe(true)
    expect(await readlink(join(directory, "a"))).toBe("..data/a")
    expect(await readlink(join(directory, "sub"))).toBe("..data/sub")
    expect(await readFile(join(directory, "sub/b"), "utf8")).toBe("2")
    await writeAtomically(directory, files({ a: "9", c: "3" }), { version: "v2" })
    expect(await readFile(join(directory, "a"), "utf8")).toBe("9")
    expect((await readdir(directory)).sort()).toEqual(["..data", "..v2", "a", "c"])
  })

  it("are left alone when nothing changed", async () => {
    await writeAtomically(directory, files({ a: "1" }), { version: "v1" })
    expect(await writeAtomically(directory, files({ a: "1" }), { version: "v2" })).toBe(false)
    expect(await readlink(join(directory, "..data"))).toBe("..v1")
  })

  it("have the mode that was asked for, whatever the umask", async () => {
    await writeAtomically(directory, files({ a: "1" }, 0o606), { version: "v1" })
    expect((await stat(join(directory, "a"))).mode & 0o777).toBe(0o606)
  })
})

describe("a part of a volume", () => {
  const open = async (subPath: string) => {
    const handle = await openSubPath(directory, subPath)
    const path = await readlink(`/proc/self/fd/${handle.fd}`)
    await handle.close()
    return path.replace(directory, "")
  }

  it("is found, through links that stay inside", async () => {
    await mkdir(join(directory, "real"))
    await writeFile(join(directory, "real/file"), "")
    await symlink("real", join(directory, "link"))
    expect(await open("link/file")).toBe("/real/file")
  })

  it("is made when it is not there", async () => {
    expect(await open("new/deep")).toBe("/new/deep")
    expect((await lstat(join(directory, "new/deep"))).isDirectory()).toBe(true)
  })

  it.each(["out", "out/passwd", "../x"])("is refused when it leads out: %s", async (subPath) => {
    await symlink("/etc", join(directory, "out"))
    await expect(openSubPath(directory, subPath)).rejects.toThrow("leads out of its volume")
  })
})

describe("a variable from a file in a volume", () => {
  const read = (path: string, key = "A", optional = false) =>
    readVolumeVariable(directory, { volumeName: "v", path, key, optional }, () => {})

  it("is read, through links that see the volume alone", async () => {
    await mkdir(join(directory, "etc"))
    await writeFile(join(directory, "etc/passwd"), "A='mine'\r\n")
    await symlink("/etc", join(directory, "out"))
    await symlink("../../../etc/passwd", join(directory, "up"))
    expect(await read("out/passwd")).toBe("mine")
    expect(await read("up")).toBe("mine")
    expect(await read("/etc/./passwd")).toBe("mine")
  })

  it("may be missing where it is optional", async () => {
    await writeFile(join(directory, "file"), "A='1'")
    await expect(read("file", "B")).rejects.toThrow(
      `environment variable key "B" not found in file "${directory}/file"`,
    )
    expect(await read("file", "B", true)).toBeUndefined()
  })

  it.each([
    ["is not there", async () => {}],
    ["is a directory", (path: string) => mkdir(path)],
    ["nobody writes to", async (path: string) => void execFileSync("mkfifo", [path])],
    ["leads to itself", (path: string) => symlink("file", path)],
    ["has too long a line", (path: string) => writeFile(path, `#${"x".repeat(65_536)}\nA='1'`)],
  ])("is not had from a file that %s", async (_, make) => {
    await make(join(directory, "file"))
    await expect(read("file", "A", true)).rejects.toThrow(/couldn't parse env file|too many links/)
  })

  it("may be long, over many lines", async () => {
    const value = `${"x".repeat(65_000)}\n`.repeat(3)
    await writeFile(join(directory, "file"), `A='${value}'`)
    expect(await read("file")).toBe(value)
  })
})

describe("a host path", () => {
  it("is checked against its type, or made", async () => {
    await ensureHostPath(join(directory, "made"), "DirectoryOrCreate")
    await ensureHostPath(join(directory, "made"), "Directory")
    await ensureHostPath(join(directory, "file"), "FileOrCreate")
    await ensureHostPath("/dev/null", "CharDevice")
    await expect(ensureHostPath(join(directory, "made"), "File")).rejects.toThrow(
      `hostPath type check failed: ${directory}/made is not a file`,
    )
    await expect(ensureHostPath(join(directory, "absent"), "Directory")).rejects.toThrow("is not a directory")
  })
})
