import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sleep } from "../../base/clock.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { Nothing } from "../grpc/kv-messages.ts"
import { StatusResponse } from "../grpc/maintenance-messages.ts"
import { GrpcChannel } from "./grpc-channel.ts"

/** Whether Debian's `etcd-server` (or another etcd) can be run here. */
export function canRunEtcd(): boolean {
  return spawnSync("etcd", ["--version"]).status === 0
}

/** A real etcd cluster on this machine, for tests. */
export class TestEtcd {
  readonly members: readonly TestMember[]
  readonly #directory = mkdtempSync(join(tmpdir(), "coracle-real-etcd-"))

  private constructor(places: readonly Place[]) {
    this.members = places.map(({ client, peer, command }, index) => ({
      name: `m${index}`,
      endpoint: `http://${client}`,
      peer: `http://${peer}`,
      directory: join(this.#directory, `m${index}`),
      command,
      process: undefined,
    }))
  }

  /** @param prepare called for each member before it starts, its directory not being there yet */
  static async start(size = 1, prepare?: (member: TestMember) => void): Promise<TestEtcd> {
    const places: Place[] = []
    for (let count = 0; count < size; count++)
      places.push({
        client: `127.0.0.1:${await freePort()}`,
        peer: `127.0.0.1:${await freePort()}`,
        command: ["etcd"],
      })
    return TestEtcd.startAt(places, prepare)
  }

  static startAt(places: readonly Place[], prepare?: (member: TestMember) => void): TestEtcd {
    const cluster = new TestEtcd(places)
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
    const [program = "etcd", ...before] = member.command
    member.process = spawn(program, [...before, ...words], { stdio: "ignore" })
  }

  async kill(member: TestMember): Promise<void> {
    const { process } = member
    member.process = undefined
    if (process === undefined || process.exitCode !== null) return
    process.kill("SIGKILL")
    await once(process, "exit")
  }

  /** The member that leads now; waits for an election that is under way. */
  async leader(): Promise<TestMember> {
    for (;;) {
      for (const member of this.members) if (await leads(member.endpoint)) return member
      await sleep(realClock, 100)
    }
  }

  async remove(): Promise<void> {
    for (const member of this.members) await this.kill(member)
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

export interface Place {
  /** As `address:port`. */
  readonly client: string
  readonly peer: string
  /** What starts etcd there. */
  readonly command: readonly string[]
}

export interface TestMember {
  readonly name: string
  readonly endpoint: string
  readonly peer: string
  readonly directory: string
  readonly command: readonly string[]
  process: ChildProcess | undefined
}

async function leads(endpoint: string): Promise<boolean> {
  const channel = new GrpcChannel({ endpoints: [endpoint], clock: realClock, log: silentLogger })
  try {
    const path = "/etcdserverpb.Maintenance/Status"
    const status = await channel.unary(path, [Nothing, {}], StatusResponse, { timeoutMs: 1000 })
    return status.leader !== 0n && status.leader === status.header?.memberId
  } catch {
    return false
  } finally {
    channel.close()
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}
