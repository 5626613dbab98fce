import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import type { Commands } from "../../base/commands.ts"
import { createCommands } from "../../base/real/commands.ts"
import { sctpProgram } from "./sctp.ts"

/**
 * Network namespaces for tests with real packets: a "node" and its "pods", all made and removed by the test. Nothing is
 * done to the machine's own network.
 */
export interface TestNamespace {
  readonly name: string
  readonly path: string
  /** Programs run inside. */
  readonly commands: Commands
  /** Starts a server inside that answers every request with `answer`; it is stopped with the namespace. */
  serve(options: ServeOptions): Promise<void>
  /** Sends requests from inside, one after the other, each on a new connection. */
  request(target: RequestTarget): Promise<readonly string[]>
  /** Sends one request to each target, all at the same time. */
  probe(targets: readonly RequestTarget[], timeoutMs: number): Promise<readonly string[]>
  remove(): Promise<void>
}

export interface ServeOptions {
  readonly answer: string
  readonly tcp?: readonly number[]
  readonly udp?: readonly number[]
  /** Answers say nothing but "sctp" (testing/sctp.ts). */
  readonly sctp?: readonly number[]
  /** @default "0.0.0.0" */
  readonly address?: string
}

export interface RequestTarget {
  readonly protocol?: "tcp" | "udp" | "sctp"
  readonly address: string
  readonly port: number
  /** @default 1 */
  readonly times?: number
  /** @default 1000 */
  readonly timeoutMs?: number
  /** The local address to send from. */
  readonly from?: string
  /** Bytes of the question, by UDP. @default 1 */
  readonly bytes?: number
}

/** Why such tests cannot run here; undefined when they can. */
export function whyNoNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root for network namespaces"
  for (const [program, flag] of [
    ["ip", "-V"],
    ["nft", "--version"],
    ["nsenter", "--version"],
  ] as const) {
    try {
      execFileSync(program, [flag], { stdio: "ignore" })
    } catch {
      return `needs ${program}`
    }
  }
  return undefined
}

let count = 0

export async function createNamespace(role: string): Promise<TestNamespace> {
  const host = createCommands()
  const name = `cortest-${process.pid}-${++count}-${role}`
  await host.run("ip", ["netns", "add", name])
  const path = `/run/netns/${name}`
  const commands = createCommands({ prefix: ["nsenter", `--net=${path}`] })
  await commands.run("ip", ["link", "set", "lo", "up"])
  let agent: NamespaceAgent | undefined
  const ask = <T>(order: object) => (agent ??= startAgent(path)).ask<T>(order)
  return {
    name,
    path,
    commands,
    serve: (options) => ask<void>({ serve: options }),
    request({ times = 1, ...target }) {
      return ask<string[]>({ targets: Array.from({ length: times }, () => target), together: false })
    },
    probe(targets, timeoutMs) {
      return ask<string[]>({ targets: targets.map((target) => ({ timeoutMs, ...target })), together: true })
    },
    async remove() {
      await agent?.stop()
      await host.run("ip", ["netns", "del", name]).catch(() => {})
    },
  }
}

interface NamespaceAgent {
  ask<T>(order: object): Promise<T>
  stop(): Promise<void>
}

/** One process for each namespace that is client and server there: starting one for every request would take longer than all else. */
function startAgent(path: string): NamespaceAgent {
  const child = spawn("nsenter", [`--net=${path}`, process.execPath, "-e", agentProgram], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let last = 0
  createInterface(child.stdout).on("line", (line) => {
    const { id, result, error } = JSON.parse(line) as { id: number; result: never; error?: string }
    const order = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) order?.resolve(result)
    else order?.reject(new Error(error))
  })
  return {
    ask(order) {
      const id = ++last
      child.stdin.write(`${JSON.stringify({ id, ...order })}\n`)
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
    },
    async stop() {
      const ended = once(child, "exit")
      child.stdin.end()
      if (child.exitCode === null) await ended
    },
  }
}

/**
 * Servers answer with their name and the address they were called from: "web-1 10.244.0.7". Clients give the answers; a
 * failure is "error: CODE".
 */
const agentProgram = `
const net = require("node:net"), dgram = require("node:dgram"), { spawn } = require("node:child_process")
const perl = (...args) => spawn("perl", ["-e", ${JSON.stringify(sctpProgram)}, ...args], { stdio: ["ignore", "pipe", "inherit"] })
const children = []
const plain = (ip) => ip.replace("::ffff:", "")
const up = (server, start) => new Promise((resolve, reject) => { server.once("error", reject); start(resolve) })
const serve = ({ answer, tcp = [], udp = [], sctp = [], address = "0.0.0.0" }) => Promise.all([
  ...tcp.map((port) => {
    const server = net.createServer((socket) => {
      socket.on("error", () => {})
      socket.end(answer + " " + plain(socket.remoteAddress))
    })
    return up(server, (done) => server.listen(port, address, done))
  }),
  ...udp.map((port) => {
    const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4")
    socket.on("message", (message, from) => socket.send(answer + " " + from.address, from.port, from.address))
    return up(socket, (done) => socket.bind(port, address, done))
  }),
  ...(sctp.length ? [new Promise((resolve) => {
    const child = perl("serve", address, sctp.join())
    children.push(child)
    child.stdout.once("data", resolve)
  })] : []),
]).then(() => null)
const tcp = ({ address, port, timeoutMs = 1000, from }) => new Promise((resolve) => {
  let text = ""
  const socket = net.connect({ host: address, port, localAddress: from })
  socket.setTimeout(timeoutMs, () => { resolve("error: timeout"); socket.destroy() })
  socket.on("data", (data) => (text += data)).on("end", () => resolve(text))
  socket.on("error", (error) => resolve("error: " + error.code))
})
const udp = ({ address, port, timeoutMs = 1000, bytes = 1 }) => new Promise((resolve) => {
  const socket = dgram.createSocket(address.includes(":") ? "udp6" : "udp4")
  const done = (text) => { clearTimeout(timer); resolve(text); socket.close() }
  const timer = setTimeout(() => done("error: timeout"), timeoutMs)
  socket.on("message", (message) => done(String(message))).on("error", (error) => done("error: " + error.code))
  socket.connect(port, address, (error) => (error ? done("error: " + error.code) : socket.send("?".repeat(bytes))))
})
const sctp = ({ address, port, timeoutMs = 1000 }) => new Promise((resolve) => {
  let text = ""
  perl("ask", address, port, timeoutMs).stdout.on("data", (data) => (text += data)).on("end", () => resolve(text))
})
const ways = { tcp, udp, sctp }
const send = (target) => ways[target.protocol ?? "tcp"](target)
const request = async ({ targets, together }) => {
  if (together) return Promise.all(targets.map(send))
  const answers = []
  for (const target of targets) answers.push(await send(target))
  return answers
}
require("node:readline").createInterface({ input: process.stdin }).on("line", async (line) => {
  const order = JSON.parse(line)
  const result = await (order.serve ? serve(order.serve) : request(order)).catch((error) => ({ error: String(error) }))
  console.log(JSON.stringify(result?.error ? { id: order.id, error: result.error } : { id: order.id, result }))
}).on("close", () => {
  for (const child of children) child.kill()
  process.exit(0)
})
`

/**
 * Connects two namespaces by a cable, each end with its address, e.g. "10.0.0.1/24". Routes are the test's own affair.
 */
export async function connectNamespaces(
  a: TestNamespace,
  aEnd: { name: string; address: string },
  b: TestNamespace,
  bEnd: { name: string; address: string },
): Promise<void> {
  await a.commands.run("ip", [
    "link",
    "add",
    aEnd.name,
    "type",
    "veth",
    "peer",
    "name",
    bEnd.name,
    "netns",
    b.name,
  ])
  for (const [space, { name, address }] of [
    [a, aEnd],
    [b, bEnd],
  ] as const)
    await space.commands.run("ip", ["-batch", "-"], `link set ${name} up\naddr add ${address} dev ${name}\n`)
}

/** A pod as the node's network would connect it: a cable and an address of its own, routed by the node. */
export async function connectPod(
  node: TestNamespace,
  pod: TestNamespace,
  address: string,
  gateway: string,
): Promise<void> {
  const name = `corpod${address.replaceAll(/[.:]/g, "").slice(-8)}`
  await node.commands.run("ip", [
    "link",
    "add",
    name,
    "type",
    "veth",
    "peer",
    "name",
    "eth0",
    "netns",
    pod.name,
  ])
  await node.commands.run("ip", ["link", "set", name, "up"])
  await pod.commands.run("ip", ["link", "set", "eth0", "up"])
  await routePod(node, pod, address, gateway, name)
  for (const setting of [
    "ipv4/conf/all/forwarding",
    `ipv4/conf/${name}/route_localnet`,
    "ipv6/conf/all/forwarding",
  ])
    await node.commands.run("tee", [`/proc/sys/net/${setting}`], "1")
}

/** Gives a connected pod one more address, of either family. */
export async function routePod(
  node: TestNamespace,
  pod: TestNamespace,
  address: string,
  gateway: string,
  cable: string,
): Promise<void> {
  const length = address.includes(":") ? "128 nodad" : "32"
  const [bits, flag = ""] = length.split(" ")
  await node.commands.run(
    "ip",
    ["-batch", "-"],
    `addr replace ${gateway}/${bits} dev ${cable} ${flag}\nroute add ${address} dev ${cable} src ${gateway}\n`,
  )
  await pod.commands.run(
    "ip",
    ["-batch", "-"],
    `addr add ${address}/${bits} dev eth0 ${flag}\nroute add ${gateway} dev eth0\nroute add default via ${gateway} dev eth0\n`,
  )
}
