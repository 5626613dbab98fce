import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { CommandError, type Commands } from "../../base/commands.ts"
import { kubeletPaths } from "./kubelet-paths.ts"
import { createPodUsers } from "./pod-users.ts"

/** A machine with these programs, by their command line. */
function machineWith(programs: Record<string, string> = {}): Commands {
  return {
    async run(program, args) {
      const line = [program, ...args].join(" ")
      const output = programs[line]
      if (output === undefined) throw new CommandError(program, program === "id" ? 1 : undefined, "")
      return output
    },
  }
}

function start() {
  const root = mkdtempSync(join(tmpdir(), "pod-users-"))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const paths = kubeletPaths(root)
  return {
    paths,
    create: (programs?: Record<string, string>, more: { maxPods?: number; idsPerPod?: number } = {}) =>
      createPodUsers({ paths, commands: machineWith(programs), maxPods: 110, ...more }),
  }
}

describe("users of pods", () => {
  it("writes down what a pod was given, so that the next kubelet gives it to nobody else", async () => {
    const { paths, create } = start()
    const users = await create()
    const mapping = { hostId: 65_536, containerId: 0, length: 65_536 }
    expect(await users.ensure("a")).toEqual({ mode: "POD", uids: [mapping], gids: [mapping] })
    const file = join(paths.pod("a"), "userns")
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ uidMappings: [mapping], gidMappings: [mapping] })
    const later = await create()
    expect((await later.ensure("b")).uids[0]?.hostId).toBe(131_072)
    expect((await later.ensure("a")).uids[0]?.hostId).toBe(65_536)
    await later.release("a")
    expect(() => readFileSync(file)).toThrow("ENOENT")
  })

  it("gives the ids that the administrator has set aside for the kubelet", async () => {
    const { create } = start()
    const line = "0: kubelet 6553600 13107200\n"
    const users = await create({
      "id -u kubelet": "990\n",
      "getsubids kubelet": line,
      "getsubids -g kubelet": line,
    })
    expect((await users.ensure("a")).uids[0]?.hostId).toBe(6_553_600)
  })

  it("does not start where those ids are no use", async () => {
    const { create } = start()
    const having = (users: string, groups = users) => ({
      "id -u kubelet": "990\n",
      "getsubids kubelet": users,
      "getsubids -g kubelet": groups,
    })
    await expect(create(having("0: kubelet 65536 65536\n"))).rejects.toThrow(
      "kubelet user assigned IDs are not enough to support 110 pods",
    )
    await expect(create(having("0: kubelet 65536 65536\n", "0: kubelet 1 2\n"))).rejects.toThrow(
      'mismatched subuids and subgids for user "kubelet"',
    )
    const users = await create({ "id -u kubelet": "990\n" }, { idsPerPod: 131_072 })
    expect((await users.ensure("a")).uids[0]).toMatchObject({ hostId: 131_072, length: 131_072 })
  })

  it("says which pod's file it cannot believe", async () => {
    const { paths, create } = start()
    mkdirSync(paths.pod("a"), { recursive: true })
    const mapping = { hostId: 65_536, containerId: 1, length: 65_536 }
    writeFileSync(
      join(paths.pod("a"), "userns"),
      JSON.stringify({ uidMappings: [mapping], gidMappings: [mapping] }),
    )
    await expect(create()).rejects.toThrow(
      'record pod mappings for existing pod "a": invalid user namespace configuration: UID 0 must be mapped',
    )
  })
})
