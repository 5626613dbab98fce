import { connect, type ClientHttp2Session } from "node:http2"
import { Agent, request } from "node:https"
import { performance } from "node:perf_hooks"

/** What the load generator, in a thread of its own, is asked to do. */
export type Task =
  | {
      readonly kind: "get"
      readonly port: number
      readonly path: string
      readonly clients: number
      readonly ms: number
    }
  | {
      readonly kind: "create"
      readonly port: number
      readonly path: string
      readonly clients: number
      readonly ms: number
      readonly body: string
    }
  | {
      readonly kind: "watch"
      readonly port: number
      readonly path: string
      readonly watchers: number
      readonly events: number
    }

export interface Figures {
  readonly perSecond: number
  readonly bytesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export async function run(task: Task, onReady: () => void): Promise<Figures> {
  if (task.kind === "watch") return watchMany(task, onReady)
  onReady()
  return requests(task)
}

async function requests(task: Extract<Task, { kind: "get" | "create" }>): Promise<Figures> {
  const agent = new Agent({ keepAlive: true, maxSockets: task.clients, rejectUnauthorized: false })
  const times: number[] = []
  let bytes = 0
  let serial = 0
  const start = performance.now()
  const end = start + task.ms
  const client = async () => {
    while (performance.now() < end) {
      const begun = performance.now()
      const body = task.kind === "create" ? task.body.replace("NAME", `p${serial++}`) : undefined
      bytes += await once(agent, task.port, task.path, body)
      times.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: task.clients }, client))
  const seconds = (performance.now() - start) / 1000
  agent.destroy()
  return figures(times, bytes, seconds)
}

function once(agent: Agent, port: number, path: string, body: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const method = body === undefined ? "GET" : "POST"
    const outgoing = request({ agent, host: "127.0.0.1", port, path, method, headers }, (response) => {
      let length = 0
      response.on("data", (chunk: Buffer) => (length += chunk.length))
      response.on("end", () => {
        if ((response.statusCode ?? 500) >= 300)
          reject(new Error(`${method} ${path}: ${response.statusCode}`))
        else resolve(length)
      })
    })
    outgoing.on("error", reject)
    outgoing.end(body)
  })
}

/** Many watches over few HTTP/2 connections, as informers of one process have them. */
async function watchMany(task: Extract<Task, { kind: "watch" }>, onReady: () => void): Promise<Figures> {
  const perConnection = 100
  const sessions: ClientHttp2Session[] = []
  let received = 0
  let bytes = 0
  let ready = 0
  let begun = 0
  const wanted = task.watchers * task.events
  await new Promise<void>((resolve, reject) => {
    for (let watcher = 0; watcher < task.watchers; watcher++) {
      if (watcher % perConnection === 0) {
        sessions.push(connect(`https://127.0.0.1:${task.port}`, { rejectUnauthorized: false }))
      }
      const stream = sessions.at(-1)!.request({ ":path": task.path })
      stream.on("error", reject)
      stream.on("response", () => {
        if (++ready === task.watchers) onReady()
      })
      stream.on("data", (chunk: Buffer) => {
        if (begun === 0) begun = performance.now()
        bytes += chunk.length
        for (const byte of chunk) if (byte === 10) received++
        if (received >= wanted) resolve()
      })
      stream.end()
    }
  })
  const seconds = (performance.now() - begun) / 1000
  for (const session of sessions) session.destroy()
  return { perSecond: received / seconds, bytesPerSecond: bytes / seconds, p50Ms: 0, p99Ms: 0 }
}

function figures(times: number[], bytes: number, seconds: number): Figures {
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return {
    perSecond: times.length / seconds,
    bytesPerSecond: bytes / seconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}
