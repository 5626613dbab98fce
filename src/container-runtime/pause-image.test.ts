import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { digestOf, ociArchitecture } from "./image-archive/oci-archive.ts"
import { pauseImageArchive } from "./pause-image.ts"
import { pauseProgram } from "./pause-program.ts"

const architecture = ociArchitecture(process.arch)
const runsHere = process.platform === "linux" && ["amd64", "arm64"].includes(architecture)

describe("pause", () => {
  it("is the same image every time", () => {
    expect(digestOf(pauseImageArchive("amd64"))).toBe(digestOf(pauseImageArchive("amd64")))
    expect(digestOf(pauseImageArchive("amd64"))).not.toBe(digestOf(pauseImageArchive("arm64")))
  })

  it("says which machines it knows", () => {
    expect(() => pauseProgram("riscv64")).toThrow('no pause program for the architecture "riscv64"')
  })

  it.skipIf(!runsHere).each(["SIGTERM", "SIGINT"] as const)(
    "runs until %s, then exits with 0",
    async (signal) => {
      const directory = mkdtempSync(join(tmpdir(), "coracle-pause-"))
      const path = join(directory, "pause")
      writeFileSync(path, pauseProgram(architecture), { mode: 0o755 })
      try {
        const child = spawn(path)
        const exit = new Promise((resolve) => child.once("exit", (code) => resolve(code)))
        await new Promise((resolve) => setTimeout(resolve, 100))
        expect(child.exitCode).toBeNull()
        child.kill(signal)
        expect(await exit).toBe(0)
      } finally {
        rmSync(directory, { recursive: true })
      }
    },
  )
})
