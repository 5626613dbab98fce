import { spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { findGroupDirectories, RealCgroups } from "./cgroups.ts"
import { removeGroups } from "./remove-groups.ts"
import { reasonToSkip } from "../testing/real-node.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of control groups need ${why}`)

const pod = (uid: string) =>
  ({
    metadata: { name: uid, namespace: "default", uid },
    spec: { containers: [{ name: "main", image: "busybox" }] },
    status: { qosClass: "BestEffort" },
  }) as unknown as Pod

describe.skipIf(why)("control groups on the machine", () => {
  const cluster = `/coracle-test-${process.pid}`
  const cgroups = new RealCgroups({ parent: `${cluster}/node-1`, clock: realClock, log: silentLogger })
  afterEach(() => cgroups.close())

  /** A process in the group, and in a container's group below it, of every tree. */
  async function runIn(podPath: string): Promise<{ ended: Promise<unknown>; directories: string[] }> {
    const directories = await findGroupDirectories(podPath)
    expect(directories.length).toBeGreaterThan(0)
    const child = spawn("sh", ["-c", "trap '' TERM; while :; do sleep 1; done"], { stdio: "ignore" })
    const ended = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)))
    for (const directory of directories) {
      const container = join(directory, "container")
      mkdirSync(container)
      if (directory.includes("/cpuset/"))
        for (const name of ["cpuset.cpus", "cpuset.mems"]) writeFileSync(join(container, name), "0")
      writeFileSync(join(container, "cgroup.procs"), String(child.pid))
    }
    return { ended, directories }
  }

  it("kills what still runs in a pod's group, then removes it from every tree", async () => {
    await cgroups.update(pod("stays"))
    await cgroups.update(pod("goes"))
    const { ended, directories } = await runIn(cgroups.pathOf(pod("goes")))
    await cgroups.remove("goes")
    expect(await ended).toBe("SIGKILL")
    expect(directories.filter((directory) => existsSync(directory))).toEqual([])
    expect(await cgroups.listPods()).toEqual(["stays"])
  })

  it("leaves nothing of the node, however many of its pods still have processes", async () => {
    for (const uid of ["one", "two"]) await cgroups.update(pod(uid))
    const running = [await runIn(cgroups.pathOf(pod("one"))), await runIn(cgroups.pathOf(pod("two")))]
    await cgroups.close()
    expect(await Promise.all(running.map(({ ended }) => ended))).toEqual(["SIGKILL", "SIGKILL"])
    expect(await findGroupDirectories(cluster)).toEqual([])
  })
})

it("names the groups that do not go, and removes the others", async () => {
  const root = mkdtempSync(join(tmpdir(), "groups-"))
  const group = (name: string) => join(root, name)
  mkdirSync(join(group("a"), "stuck"), { recursive: true })
  // A plain directory with a file in it is refused as a group with a process is.
  writeFileSync(join(group("a"), "stuck", "cgroup.procs"), "0\n")
  mkdirSync(join(group("b"), "c"), { recursive: true })
  await expect(removeGroups([group("a"), group("b"), group("absent")], realClock)).rejects.toThrow(
    `control groups do not go: ${join(group("a"), "stuck")} (ENOTEMPTY)`,
  )
  expect(existsSync(group("b"))).toBe(false)
  rmSync(root, { recursive: true })
})
