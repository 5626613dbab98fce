// Runs in each pod and on the machine: answers on a few ports, and tries to reach others when it is asked to.
import { createSocket } from "node:dgram"
import { connect, createServer } from "node:net"
import { createInterface } from "node:readline"

async function serve(address) {
  for (const port of [80, 81]) {
    const server = createServer((socket) => socket.on("error", () => {}).end("here"))
    await new Promise((resolve, reject) => server.on("error", reject).listen(port, address, resolve))
  }
  const socket = createSocket("udp4")
  socket.on("message", (_, from) => socket.send("here", from.port, from.address))
  await new Promise((resolve, reject) => socket.on("error", reject).bind(80, address, resolve))
}

/** Tries all at once; true for each that answered in time. */
function probe(targets) {
  return Promise.all(targets.map((target) => ask(target.protocol === "UDP" ? tryUdp : tryTcp, target)))
}

/** Again and again: the first packet may have come a moment too early. */
function ask(tryOnce, { timeoutMs, ...target }) {
  return new Promise((resolve) => {
    const tries = []
    const done = (answered) => {
      clearTimeout(timer)
      clearInterval(again)
      for (const close of tries) close()
      resolve(answered)
    }
    const next = () => tries.push(tryOnce(target, () => done(true)))
    const timer = setTimeout(() => done(false), timeoutMs)
    const again = setInterval(next, 200)
    next()
  })
}

function tryTcp({ address, port }, answered) {
  const socket = connect({ host: address, port })
  socket.on("data", answered).on("error", () => {})
  return () => socket.destroy()
}

function tryUdp({ address, port }, answered) {
  const socket = createSocket("udp4")
  socket.on("message", answered).on("error", () => {})
  socket.send("anybody?", port, address)
  return () => socket.close()
}

// A line with a question, a line with the answers.
await serve(process.argv[2] ?? "0.0.0.0")
process.stdout.write("serving\n")
for await (const line of createInterface({ input: process.stdin })) {
  const { round, targets } = JSON.parse(line)
  process.stdout.write(`${JSON.stringify({ round, answered: await probe(targets) })}\n`)
}
