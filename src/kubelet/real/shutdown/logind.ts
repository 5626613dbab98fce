import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { type Clock, sleep } from "../../../base/clock.ts"
import type { MachineShutdown, ShutdownHold } from "../../shutdown/machine-shutdown.ts"

export interface LogindOptions {
  readonly clock: Clock
  /** Of the bus. @default the system's */
  readonly busAddress?: string
  /** @default "/etc/systemd/logind.conf.d" */
  readonly configurationDirectory?: string
}

const login = ["org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"] as const
const bus = ["org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus"] as const
const reloadTries = 5
const firstReloadMs = 100

/**
 * systemd's login manager, which shuts machines down and lets others delay it
 * (https://systemd.io/INHIBITOR_LOCKS/). A lock there is an open file that comes over the bus, which Node.js cannot receive:
 * systemd's own programs speak to the bus for us. They are where logind is, and what they hold goes with us: the one that
 * holds the lock ends when its input does.
 */
export function createLogind(options: LogindOptions): MachineShutdown {
  const { clock, busAddress, configurationDirectory = "/etc/systemd/logind.conf.d" } = options
  const env = { ...process.env, LC_ALL: "C", ...(busAddress && { DBUS_SYSTEM_BUS_ADDRESS: busAddress }) }
  const start = (program: string, ...args: string[]) => spawn(program, args, { env, stdio: "pipe" })

  async function ask(verb: "call" | "get-property", ...args: string[]): Promise<unknown> {
    const child = start("busctl", "--system", "--json=short", verb, ...args)
    const [output] = await Promise.all([collect(child.stdout), ended(child, "busctl")])
    return (JSON.parse(output) as { data: unknown }).data
  }
  const delayMs = async () => Number(await ask("get-property", ...login, "InhibitDelayMaxUSec")) / 1000

  return {
    async ensureDelay(periodMs) {
      if ((await delayMs()) >= periodMs) return
      await mkdir(configurationDirectory, { recursive: true })
      const text = `# Kubelet logind override\n[Login]\nInhibitDelayMaxSec=${Math.ceil(periodMs / 1000)}\n`
      await writeFile(join(configurationDirectory, "99-kubelet.conf"), text)
      const [pid] = (await ask("call", ...bus, "GetConnectionUnixProcessID", "s", login[0])) as [number]
      process.kill(pid, "SIGHUP")
      for (let attempt = 0, found = 0; attempt < reloadTries; attempt++) {
        await sleep(clock, firstReloadMs * 2 ** attempt)
        found = await delayMs()
        if (found >= periodMs) return
        if (attempt === reloadTries - 1)
          throw new Error(
            `logind does not wait ${periodMs / 1000}s (ShutdownGracePeriod): its InhibitDelayMaxSec stays at ${found / 1000}s`,
          )
      }
    },

    async hold() {
      const why = "Kubelet needs time to handle node shutdown"
      const flags = ["--what=shutdown", "--who=kubelet", `--why=${why}`, "--mode=delay"]
      const child = start("systemd-inhibit", ...flags, "sh", "-c", "echo held; exec cat")
      await Promise.race([
        firstLine(child, (line) => line === "held"),
        ended(child, "systemd-inhibit").then(() => Promise.reject(new Error("the lock was let go"))),
      ])
      return holdBy(child)
    },

    async *follow(signal) {
      const match = `type='signal',interface='${login[2]}',member='PrepareForShutdown',path='${login[1]}'`
      const child = start("busctl", "--system", "--json=short", `--match=${match}`, "monitor")
      const ending = ended(child, "busctl")
      ending.catch(() => {})
      const stop = () => void child.kill()
      signal.addEventListener("abort", stop, { once: true })
      try {
        const lines = createInterface({ input: child.stdout })
        for await (const line of lines) {
          const { member, payload } = JSON.parse(line) as { member: string; payload: { data: boolean[] } }
          if (member === "PrepareForShutdown") yield payload.data[0] === true
        }
        if (!signal.aborted) await ending
      } finally {
        signal.removeEventListener("abort", stop)
        stop()
      }
    },
  }
}

/** The program that has the lock lets it go when its input ends: also when this process dies. */
function holdBy(child: ChildProcess): ShutdownHold {
  for (const each of [child, child.stdin, child.stdout, child.stderr]) {
    each?.on("error", () => {})
    if (each && "unref" in each) (each as { unref(): void }).unref()
  }
  return { release: () => void child.stdin?.end() }
}

/** Rejects with what it said when it cannot be started or fails. */
function ended(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const said = collect(child.stderr!)
    child.once("error", (error) => reject(new Error(`${program}: ${error.message}`)))
    child.once("close", (code) => {
      if (code === 0) resolve()
      else void said.then((text) => reject(new Error(`${program}: ${text.trim() || `ended with ${code}`}`)))
    })
  })
}

function firstLine(child: ChildProcess, isIt: (line: string) => boolean): Promise<void> {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).on("line", (line) => isIt(line) && resolve())
  })
}

async function collect(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ""
  for await (const chunk of stream) text += String(chunk)
  return text
}
