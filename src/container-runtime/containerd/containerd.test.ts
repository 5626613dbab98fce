import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { afterAll, describe, expect, it, vi } from "vitest"
import { buildBusyboxImage } from "../../../test/e2e/images.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { createCommands } from "../../base/real/commands.ts"
import { realRandom } from "../../base/real/random.ts"
import { runtimeContract } from "../contract-suite.ts"
import { stopAllPods } from "../stop-all-pods.ts"
import { type Containerd, startContainerd } from "./start-containerd.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: containerd tests need ${why}`)

const directory = mkdtempSync(join(tmpdir(), "coracle-containerd-"))
const image = "coracle-test/busybox:1"
const cgroupParent = `/${basename(directory)}`
afterAll(() => {
  rmSync(directory, { recursive: true, force: true })
  if (!why) removeCgroups()
})

function start(name: string): Promise<Containerd> {
  return startContainerd({
    directory: join(directory, name),
    cniConfigDirectory: join(directory, name, "cni"),
    cniBinaryDirectory: join(directory, name, "cni"),
    clock: realClock,
    random: realRandom,
    log: silentLogger,
    commands: createCommands(),
  })
}

describe.skipIf(why)("containerd", () => {
  runtimeContract("containerd", async () => {
    const containerd = await start("contract")
    await containerd.loadImages(buildBusyboxImage(image, { output: join(directory, "busybox.tar") }))
    return {
      ...containerd,
      image,
      runForever: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"],
      endWith: (exitCode) => ({ command: ["sh", "-c", `exit ${exitCode}`], annotations: {} }),
      logDirectory: join(directory, "logs"),
      cgroupParent,
      pass: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      async close() {
        await stopAllPods(containerd.runtime, { graceSeconds: 1, clock: realClock })
        await containerd.stop()
      },
    }
  })

  it("is private, survives its own death and leaves nothing behind", { timeout: 60_000 }, async () => {
    const containerd = await start("life")
    const [name] = await containerd.loadImages(
      buildBusyboxImage(image, { output: join(directory, "busybox.tar") }),
    )
    expect(name).toBe(`docker.io/${image}`)
    const config = {
      metadata: { name: "p", uid: "u", namespace: "d", attempt: 0 },
      labels: {},
      annotations: {},
      logDirectory: join(directory, "logs"),
      linux: {
        cgroupParent,
        securityContext: { namespaceOptions: { network: "NODE", pid: "CONTAINER", ipc: "POD" } },
      },
    } as const
    const sandbox = await containerd.runtime.runPodSandbox(config)
    const container = await containerd.runtime.createContainer(
      sandbox,
      {
        metadata: { name: "main", attempt: 0 },
        image: { image },
        command: ["sh", "-c", "echo hello; sleep 1000"],
        labels: {},
        annotations: {},
        logPath: "main.log",
      },
      config,
    )
    await containerd.runtime.startContainer(container)
    const hello = await containerd.runtime.execSync(container, ["echo", "hi"], 5)
    expect(new TextDecoder().decode(hello.stdout)).toBe("hi\n")

    const firstPid = containerd.pid!
    process.kill(firstPid, "SIGKILL")
    // Calls that are under way fail, and so do those for which the new process is not ready yet.
    const status = () => containerd.runtime.containerStatus(container)
    const { state } = await vi.waitFor(status, { timeout: 30_000 })
    expect(state).toBe("CONTAINER_RUNNING")
    expect(containerd.pid).not.toBe(firstPid)
    expect(readFileSync(join(directory, "logs/main.log"), "utf8")).toMatch(/ stdout F hello\n$/)

    await stopAllPods(containerd.runtime, { graceSeconds: 0, clock: realClock })
    await containerd.stop()
    expect(leftovers(join(directory, "life"))).toEqual([])
  })
})

/** Mounts and processes that mention a directory. */
function leftovers(path: string): string[] {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(path))
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8")
      } catch {
        return ""
      }
    })
    .filter((line) => line.includes(path))
  return [...mounts, ...processes]
}

function removeCgroups(): void {
  for (const hierarchy of ["", ...readdirSync("/sys/fs/cgroup")]) {
    const path = join("/sys/fs/cgroup", hierarchy, cgroupParent)
    if (existsSync(path)) rmdirSync(path)
  }
}

function reasonToSkip(): string | undefined {
  if (process.platform !== "linux") return "Linux"
  if (process.getuid?.() !== 0) return "root"
  for (const program of ["containerd", "runc", "busybox"]) {
    try {
      execFileSync("sh", ["-c", `command -v ${program} || test -x /usr/sbin/${program}`], { stdio: "ignore" })
    } catch {
      return program
    }
  }
  return existsSync("/sys/fs/cgroup") ? undefined : "cgroups"
}
