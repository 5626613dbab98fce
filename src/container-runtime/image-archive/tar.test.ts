import { describe, expect, it } from "vitest"
import { readTar, writeTar } from "./tar.ts"

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

async function readAll(archive: Uint8Array, pieceBytes: number) {
  const members: unknown[] = []
  for await (const { path, type, target, content } of readTar(inPieces(archive, pieceBytes))) {
    const chunks: Uint8Array[] = []
    for await (const chunk of content) chunks.push(chunk)
    members.push([type, path, target, Buffer.concat(chunks).toString()])
  }
  return members
}

describe("tar", () => {
  const long = `${"directory/".repeat(12)}file`
  const archive = writeTar([
    { type: "directory", path: "bin", mode: 0o755 },
    { type: "file", path: "bin/sh", mode: 0o755, content: Buffer.from("#!".repeat(300)) },
    { type: "file", path: "empty", mode: 0o644, content: Buffer.alloc(0) },
    { type: "symlink", path: "bin/ls", target: "sh" },
    { type: "hardlink", path: "bin/ln", target: "bin/sh" },
    { type: "file", path: long, mode: 0o644, content: Buffer.from("deep") },
  ])

  it.each([1, 100, 512, 1 << 20])("reads what it writes, in pieces of %i bytes", async (pieceBytes) => {
    expect(await readAll(archive, pieceBytes)).toEqual([
      ["directory", "bin/", "", ""],
      ["file", "bin/sh", "", "#!".repeat(300)],
      ["file", "empty", "", ""],
      ["symlink", "bin/ls", "sh", ""],
      ["hardlink", "bin/ln", "bin/sh", ""],
      ["file", long, "", "deep"],
    ])
  })

  it("passes over content that nobody reads", async () => {
    const paths: string[] = []
    for await (const { path } of readTar(inPieces(archive, 700))) paths.push(path)
    expect(paths).toHaveLength(6)
  })

  it("says that an archive is cut short", async () => {
    await expect(readAll(archive.subarray(0, 1200), 512)).rejects.toThrow("tar archive ends in the middle")
  })

  it("follows GNU long names and PAX paths", async () => {
    const longName = "n".repeat(150)
    const pax = ` path=${"p".repeat(120)}/x\n`
    const record = `${pax.length + 3}${pax}`
    const special = (flag: string, content: string) => {
      const block = writeTar([{ type: "file", path: "x", mode: 0, content: Buffer.from(content) }])
      block.write(flag, 156, "latin1")
      return block.subarray(0, block.length - 1024)
    }
    const plain = writeTar([{ type: "file", path: "short", mode: 0, content: Buffer.from("1") }])
    const bytes = Buffer.concat([
      special("L", `${longName}\0`),
      plain.subarray(0, plain.length - 1024),
      special("x", record),
      plain,
    ])
    expect((await readAll(bytes, 512)).map((member) => (member as string[])[1])).toEqual([
      longName,
      `${"p".repeat(120)}/x`,
    ])
  })
})
