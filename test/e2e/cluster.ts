import { execFile, execFileSync, type ExecFileException, spawn, type ChildProcess } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { realClock } from "../../src/base/real/clock.ts"
import type { Client } from "../../src/client/client.ts"
import { createClient } from "../../src/client/create-client.ts"
import { createHttpsTransport } from "../../src/client/real/https-transport.ts"
import { readKubeconfig, resolveContext } from "../../src/client/real/kubeconfig.ts"
import type { buildBusyboxImage } from "./images.ts"

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const cli = join(root, "dist/coracle.js")

/** Why real containers can't run here; undefined when they can. */
export function whyNoContainers(): string | undefined {
  if (process.platform !== "linux") return "needs Linux"
  if (process.getuid?.() !== 0) return "needs root"
  const missing = ["containerd", "runc", "nft", "ip", "busybox"].filter((name) => !onPath(name))
  return missing.length ? `not installed: ${missing.join(", ")}` : undefined
}

function onPath(name: string): boolean {
  const directories = `${process.env["PATH"]}:/usr/sbin:/sbin:/usr/local/sbin`.split(":")
  return directories.some((directory) => existsSync(join(directory, name)))
}

export interface Output {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A program run to its end; never rejects. */
export function run(
  file: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeoutMs?: number } = {},
): Promise<Output> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      { env: { ...process.env, ...options.env }, maxBuffer: 1 << 26, timeout: options.timeoutMs ?? 120_000 },
      (error: ExecFileException | null, stdout, stderr) =>
        resolve({ code: error ? (typeof error.code === "number" ? error.code : 1) : 0, stdout, stderr }),
    )
    // One that ended without reading its input says why by its exit code.
    child.stdin?.on("error", () => {})
    child.stdin?.end(options.input ?? "")
  })
}

/** One cluster of its own: own directory, own port, own kubeconfig. */
export class TestCluster {
  readonly directory = mkdtempSync(join(tmpdir(), "coracle-e2e-"))
  readonly kubeconfig = join(this.directory, "user-kubeconfig")
  readonly #flags: readonly string[]

  constructor(flags: readonly string[] = []) {
    this.#flags = flags
  }

  /** With the flags it was made with, unless others are given. */
  async up(flags = this.#flags): Promise<Output> {
    const output = await this.coracle(
      "up",
      "--detach",
      "--listen",
      "127.0.0.1:0",
      "--kubeconfig",
      this.kubeconfig,
      ...flags,
    )
    if (output.code !== 0) throw new Error(`up failed: ${output.stdout}${output.stderr}\n${this.log()}`)
    return output
  }

  async destroy(): Promise<void> {
    const { code, stderr } = await this.coracle("reset")
    if (code !== 0) throw new Error(`reset failed: ${stderr}\n${this.log()}`)
    rmSync(this.directory, { recursive: true, force: true })
  }

  coracle(...args: readonly string[]): Promise<Output> {
    const [command, ...rest] = args
    const isOfTwoWords = ["image", "node", "snapshot", "token"].includes(command!)
    const words = isOfTwoWords ? [command!, rest.shift()!] : [command!]
    return run(process.execPath, [cli, ...words, "--data-dir", join(this.directory, "data"), ...rest])
  }

  /** Makes an image from what the machine has, and puts it on every node. */
  async loadImage(build: typeof buildBusyboxImage, name: string): Promise<void> {
    const archive = build(name, { output: join(this.directory, "image.tar") })
    const { code, stdout, stderr } = await this.coracle("image", "load", archive)
    if (code !== 0) throw new Error(`image load failed: ${stdout}${stderr}`)
  }

  get pid(): number {
    return Number(readFileSync(join(this.directory, "data/coracle.pid"), "utf8").split("\n")[0])
  }

  get state(): { server: string; nodes: { name: string; endpoint?: string }[] } {
    return JSON.parse(readFileSync(join(this.directory, "data/state.json"), "utf8"))
  }

  get networks(): { pods: string[]; services: string[]; nodes: string[] } {
    return JSON.parse(readFileSync(join(this.directory, "data/networks.json"), "utf8"))
  }

  /** Our own client, as the administrator: for tests that would start kubectl hundreds of times. */
  async client(): Promise<Client> {
    const { connection } = resolveContext(await readKubeconfig(join(this.directory, "data/kubeconfig")))
    return createClient(createHttpsTransport(connection, { clock: realClock }))
  }

  log(lines = 40): string {
    const path = join(this.directory, "data/coracle.log")
    return existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(-lines).join("\n") : ""
  }

  /** A kubectl that talks to this cluster. `call` fails the test when kubectl fails; `try` tells. */
  kubectl(binary: string): Kubectl {
    return new Kubectl(binary, this.kubeconfig)
  }
}

export class Kubectl {
  readonly #binary: string
  readonly #kubeconfig: string

  constructor(binary: string, kubeconfig: string) {
    this.#binary = binary
    this.#kubeconfig = kubeconfig
  }

  async call(line: string, input?: string): Promise<string> {
    const output = await this.try(line, input)
    if (output.code !== 0) throw new Error(`kubectl ${line}: ${output.stderr || output.stdout}`)
    return output.stdout
  }

  try(line: string, input?: string): Promise<Output> {
    return run(this.#binary, words(line), {
      env: { KUBECONFIG: this.#kubeconfig, HOME: dirname(this.#kubeconfig) },
      ...(input !== undefined && { input }),
    })
  }

  /** With a terminal of its own (`script` makes one), as a person has. */
  withTerminal(line: string): Promise<Output> {
    return run("script", ["-qec", `stty rows 30 cols 100; ${this.#binary} ${line}`, "/dev/null"], {
      env: { KUBECONFIG: this.#kubeconfig, HOME: dirname(this.#kubeconfig), TERM: "xterm" },
    })
  }

  /** Starts it and leaves it running; the caller ends it. */
  start(line: string): ChildProcess {
    return spawn(this.#binary, words(line), {
      env: { ...process.env, KUBECONFIG: this.#kubeconfig, HOME: dirname(this.#kubeconfig) },
      stdio: ["pipe", "pipe", "pipe"],
    })
  }

  async json<T = Record<string, never>>(line: string): Promise<T> {
    return JSON.parse(await this.call(`${line} -o json`)) as T
  }
}

/** Splits at spaces; 'single quotes' keep words together. */
function words(line: string): string[] {
  return Array.from(line.matchAll(/'([^']*)'|(\S+)/g), (match) => match[1] ?? match[2]!)
}

/** Tries until it succeeds; the last failure is thrown when time is up. */
export async function eventually<T>(what: () => Promise<T>, timeoutMs = 30_000, everyMs = 200): Promise<T> {
  for (const end = Date.now() + timeoutMs; ; ) {
    try {
      return await what()
    } catch (error) {
      if (Date.now() > end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

/** Everything on the host that a cluster may make, as text: what is there after `down` must be what was there before. */
export function hostState(): Record<string, string> {
  const list = (file: string, ...args: string[]) => execFileSync(file, args, { encoding: "utf8" })
  return {
    links: list("ip", "-o", "link").replace(/^\d+: ([^:@]+).*$/gm, "$1"),
    rules: list("nft", "list", "ruleset"),
    mounts: readFileSync("/proc/self/mounts", "utf8"),
    processes: list("ps", "-eo", "args")
      .split("\n")
      .filter((line) => /containerd|coracle-e2e|pause/.test(line) && !/ps -eo|<defunct>/.test(line))
      .join("\n"),
    cgroups: list(
      "sh",
      "-c",
      "find /sys/fs/cgroup -type d -name '*coracle*' -o -type d -name '*kubepods*' | sort",
    ),
    namespaces: list("sh", "-c", "ls /run/netns /var/run/netns 2>/dev/null | sort -u"),
  }
}
