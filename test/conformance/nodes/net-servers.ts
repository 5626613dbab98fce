import { eventually, type Json } from "../harness.ts"
import { execIn, idle, podOf, shell, startPod } from "./pods.ts"
import { type NodesWorld, scripting } from "./real-nodes.ts"

/** Says its host's name over HTTP (8080, and 8090 where two ports are needed) and to every datagram (8081). */
const netServer = `const name = require("node:os").hostname()
  for (const port of [8080, 8090])
    require("node:http").createServer((request, response) => response.end(name)).listen(port)
  const socket = require("node:dgram").createSocket("udp4")
  socket.on("message", (message, from) => socket.send(name, from.port, from.address))
  socket.bind(8081)
  process.on("SIGTERM", () => process.exit(0))`

export function serverPod(name: string, labels: Json, spec: Json = {}, program = netServer): Json {
  const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 }
  const container = { name: "main", image: scripting, args: ["-e", program], readinessProbe }
  return podOf(name, [container], { labels, spec })
}

export function startServers(world: NodesWorld, names: readonly string[], labels: Json): Promise<Json[]> {
  return Promise.all(names.map((name) => startPod(world, serverPod(name, labels))))
}

/** A pod to ask from: HTTP by `wget`. */
export async function startClient(world: NodesWorld, name = "client", spec: Json = {}): Promise<void> {
  await startPod(world, podOf(name, [shell(idle)], { spec }))
}

/** A pod that sends datagrams. */
export async function startUdpClient(world: NodesWorld, name = "udp-client", spec: Json = {}): Promise<void> {
  const args = ["-e", "setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(0))"]
  await startPod(world, podOf(name, [{ name: "main", image: scripting, args }], { spec }))
}

/** The answer to one HTTP request of a pod; "" when there is none. Every request has a connection of its own. */
export function ask(world: NodesWorld, url: string, client = "client"): Promise<string> {
  return execIn(world, client, `timeout 3 wget -q -O - ${url} || true`)
}

/** All answers to `count` requests. */
export async function askOften(world: NodesWorld, url: string, count = 20): Promise<Set<string>> {
  const script = `for i in $(seq ${count}); do timeout 3 wget -q -O - ${url} && echo; done; true`
  const output = await execIn(world, "client", script)
  return new Set(output.trim().split("\n").filter(Boolean))
}

export function askUdp(
  { kubectl }: NodesWorld,
  host: string,
  port: number,
  client = "udp-client",
): Promise<string> {
  const program = `const socket = require("node:dgram").createSocket("udp4")
    socket.on("message", (message) => { process.stdout.write(message.toString()); process.exit(0) })
    socket.on("error", () => process.exit(0))
    socket.send("who are you?", ${port}, "${host}")
    setTimeout(() => process.exit(0), 1000)`
  return kubectl("exec", client, "--", "node", "-e", program)
}

/** Asks until the answer is right. */
export async function untilAnswers(
  question: () => Promise<string>,
  isRight: (answer: string) => boolean,
  what: string,
): Promise<void> {
  let last = ""
  await eventually(
    async () => {
      last = await question()
      return isRight(last)
    },
    what,
    60_000,
  ).catch((error: Error) => {
    throw new Error(`${error.message}: last answer ${JSON.stringify(last)}`)
  })
}
