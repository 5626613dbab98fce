import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { realClock } from "../../base/real/clock.ts"
import type { MachineShutdown } from "../shutdown/machine-shutdown.ts"
import { createLogind } from "./shutdown/logind.ts"

const logindProgram = ["/lib/systemd/systemd-logind", "/usr/lib/systemd/systemd-logind"].find(existsSync)
const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests with systemd's logind need ${why}`)

// The real logind, on a bus of its own and with directories of its own: nothing of it reaches the machine's.
describe.skipIf(why)("systemd's logind", () => {
  const directory = mkdtempSync(join(tmpdir(), "logind-"))
  const address = `unix:path=${directory}/bus`
  const env = { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: address }
  const processes: ChildProcess[] = []
  let logind: MachineShutdown

  beforeAll(async () => {
    writeFileSync(join(directory, "bus.conf"), busConfiguration(address))
    mkdirSync(join(directory, "etc"))
    processes.push(
      spawn("dbus-daemon", ["--nofork", "--nopidfile", `--config-file=${directory}/bus.conf`], {
        stdio: "ignore",
      }),
    )
    await eventually(() => expect(existsSync(join(directory, "bus"))).toBe(true))
    const script = `mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd && mount --bind ${directory}/etc /etc/systemd && exec ${logindProgram}`
    processes.push(spawn("unshare", ["--mount", "sh", "-c", script], { env, stdio: "ignore" }))
    await eventually(() => inhibitors())
    logind = createLogind({
      clock: realClock,
      busAddress: address,
      configurationDirectory: join(directory, "etc/logind.conf.d"),
    })
  })
  afterAll(() => {
    for (const each of processes.toReversed()) each.kill("SIGKILL")
    rmSync(directory, { recursive: true, force: true })
  })

  const busctl = (...args: string[]) =>
    execFileSync("busctl", ["--system", "--json=short", ...args], {
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    })
  const manager = ["org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"]
  /** Who delays what, in which mode. */
  const inhibitors = () =>
    (JSON.parse(busctl("call", ...manager, "ListInhibitors")) as { data: [string[][]] }).data[0].map(
      ([what, who, reason, mode]) => [what, who, reason, mode],
    )
  const announce = (goesDown: boolean) =>
    busctl("emit", manager[1]!, manager[2]!, "PrepareForShutdown", "b", String(goesDown))

  it("is made to wait as long as pods need", async () => {
    const delay = () =>
      (JSON.parse(busctl("get-property", ...manager, "InhibitDelayMaxUSec")) as { data: number }).data
    expect(delay()).toBe(5_000_000)
    await logind.ensureDelay(45_000)
    expect(delay()).toBe(45_000_000)
    const file = join(directory, "etc/logind.conf.d/99-kubelet.conf")
    expect(readFileSync(file, "utf8")).toBe("# Kubelet logind override\n[Login]\nInhibitDelayMaxSec=45\n")
    rmSync(file)
    await logind.ensureDelay(30_000)
    expect(existsSync(file)).toBe(false)
  })

  it("waits while it is held, and no longer", async () => {
    const hold = await logind.hold()
    expect(inhibitors()).toEqual([
      ["shutdown", "kubelet", "Kubelet needs time to handle node shutdown", "delay"],
    ])
    hold.release()
    hold.release()
    await eventually(() => expect(inhibitors()).toEqual([]))
  })

  it("tells when the machine goes down, and when it stays after all", async () => {
    const stop = new AbortController()
    const told: boolean[] = []
    const following = (async () => {
      for await (const goesDown of logind.follow(stop.signal)) told.push(goesDown)
    })()
    await eventually(() => {
      announce(true)
      expect(told).toContain(true)
    })
    announce(false)
    await eventually(() => expect(told.at(-1)).toBe(false))
    stop.abort()
    await following
  })

  it("says what is wrong where there is no bus", async () => {
    const nowhere = createLogind({ clock: realClock, busAddress: `unix:path=${directory}/nowhere` })
    await expect(nowhere.ensureDelay(1)).rejects.toThrow(/busctl: Failed to connect to bus/)
    await expect(nowhere.hold()).rejects.toThrow(/systemd-inhibit: Failed to connect to (system )?bus/)
  })
})

/** Everybody on it may do everything, as root may on the machine's. */
function busConfiguration(address: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>${address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="*"/>
    <allow receive_type="*"/>
  </policy>
</busconfig>
`
}

async function eventually(condition: () => void): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return condition()
    } catch (error) {
      if (attempt === 300) throw error
      // oxlint-disable-next-line no-restricted-globals -- a test waits for real programs
      await new Promise((resolve) => void setTimeout(resolve, 100))
    }
  }
}

function reasonToSkip(): string | undefined {
  if (process.platform !== "linux") return "Linux"
  if (process.getuid?.() !== 0) return "root"
  if (!logindProgram) return "systemd-logind"
  for (const program of ["dbus-daemon", "busctl", "systemd-inhibit", "unshare"]) {
    try {
      execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" })
    } catch {
      return program
    }
  }
  return undefined
}
