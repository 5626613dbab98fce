import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Whether Debian's `etcd-server` (or another etcd) can be run here. */
export function canRunEtcd(): boolean {
  return spawnSync("etcd", ["--version"]).status === 0
}

/** A real etcd cluster on this machine, for tests. */
export class TestEtcd {
  readonly members: readonly TestMember[]
  readonly #directory = mkdtempSync(join(tmpdir(), "coracle-real-etcd-"))

  private constructor(ports: readonly (readonly [number, number])[]) {
    this.members = ports.map(([clientPort, peerPort], index) => ({
      name: `m${index}`,
      endpoint: `http://127.0.0.1:${clientPort}`,
      peer: `http://127.0.0.1:${peerPort}`,
      directory: join(this.#directory, `m${index}`),
      process: undefined,
    }))
  }

  /** @param prepare called for each member before it starts, its directory not being there yet */
  static async start(size = 1, prepare?: (member: TestMember) => void): Promise<TestEtcd> {
    const ports: (readonly [number, number])[] = []
    for (let count = 0; count < size; count++) ports.push([await freePort(), await freePort()])
    const cluster = new TestEtcd(ports)
    for (const member of cluster.members) {
      prepare?.(member)
      cluster.startMember(member)
    }
    return cluster
  }

  get endpoints(): readonly string[] {
    return this.members.map(({ endpoint }) => endpoint)
  }

  startMember(member: TestMember): void {
    const { name, directory, endpoint, peer } = member
    const options = {
      name,
      "data-dir": directory,
      "listen-client-urls": endpoint,
      "advertise-client-urls": endpoint,
      "listen-peer-urls": peer,
      "initial-advertise-peer-urls": peer,
      "initial-cluster": this.members.map((each) => `${each.name}=${each.peer}`).join(","),
      "log-level": "error",
    }
    const words = Object.entries(options).flatMap(([key, value]) => [`--${key}`, value])
    member.process = spawn("etcd", words, { stdio: "ignore" })
  }

  async kill(member: TestMember): Promise<void> {
    const { process } = member
    member.process = undefined
    if (process === undefined || process.exitCode !== null) return
    process.kill("SIGKILL")
    await once(process, "exit")
  }

  async remove(): Promise<void> {
    for (const member of this.members) await this.kill(member)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

export interface TestMember {
  readonly name: string
  readonly endpoint: string
  readonly peer: string
  readonly directory: string
  process: ChildProcess | undefined
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}
