/**
 * What a request costs the API server in processor time, in process and over HTTPS: microseconds of all threads of the
 * process, the median of several rounds of a fixed number of requests, so that a busy machine changes little. Load over
 * HTTPS comes from another process. The store is in memory: it costs next to nothing.
 *
 * Usage: npm run bench -- api-cost [--only PART_OF_NAME] [--count 400] [--rounds 5] [--road process|https]
 */
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { realClock } from "../src/base/real/clock.ts"
import type { Client } from "../src/client/client.ts"
import type { ApiRequest, Transport } from "../src/client/transport.ts"
import { createMemoryStore } from "../src/etcd/memory/memory-store.ts"
import { type Operation, operations, prepareOperations } from "./api-parts/operations.ts"
import { startOpenServer } from "./api-parts/open-server.ts"
import { type Batch, type HttpRequest, sendBatch } from "./api-parts/send-over-https.ts"

const clients = 16

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      count: { type: "string", default: "400" },
      rounds: { type: "string", default: "5" },
      road: { type: "string" },
    },
  })
  const store = createMemoryStore({ clock: realClock })
  const { client, transport, listening } = await startOpenServer(store)
  await prepareOperations(client)
  const roads = { process: inProcess(transport), https: overHttps(listening.port) }
  const chosen = Object.entries(roads).filter(([name]) => !values.road || values.road === name)
  console.log(`${"".padEnd(30)}${chosen.map(([name]) => name.padStart(10)).join("")}   µs of processor time`)
  for (const operation of operations) {
    if (!operation.name.includes(values.only)) continue
    let line = operation.name.padEnd(30)
    for (const [road, send] of chosen) {
      const rounds = { rounds: Number(values.rounds), count: Number(values.count) }
      line += (await medianCost(client, send, { ...rounds, operation, road })).toFixed(0).padStart(10)
    }
    console.log(line)
  }
  process.exit(0)
}

/** Microseconds of one request. */
async function medianCost(
  client: Client,
  send: Road,
  { operation, road, rounds, count }: { operation: Operation; road: string; rounds: number; count: number },
): Promise<number> {
  const costs: number[] = []
  for (let round = 0; round < warmingRounds + rounds; round++) {
    const requests = await operation.prepare(client, `${road}-${round}`, count)
    const cost = (await send(requests)) / count
    if (round >= warmingRounds) costs.push(cost)
  }
  return costs.sort((a, b) => a - b)[costs.length >> 1]!
}

const warmingRounds = 2

/** Sends all, and says how many microseconds of processor time this process has spent on it. */
type Road = (requests: readonly ApiRequest[]) => Promise<number>

async function spent(work: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.()
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function inProcess(transport: Transport): Road {
  return (requests) => {
    let next = 0
    const worker = async () => {
      for (let each = requests[next++]; each; each = requests[next++]) await transport.request(each)
    }
    return spent(() => Promise.all(Array.from({ length: clients }, worker)))
  }
}

function overHttps(port: number): Road {
  const child = fork(fileURLToPath(import.meta.url), { env: { ...process.env, [loadVariable]: "1" } })
  const ask = (message: ToLoad) =>
    new Promise<void>((resolve, reject) => {
      child.once("message", ({ error }: FromLoad) => (error ? reject(new Error(error)) : resolve()))
      child.send(message)
    })
  return async (requests) => {
    await ask({ batch: { port, clients, requests: requests.map(toHttp) } })
    return spent(() => ask({ go: true }))
  }
}

function toHttp({ method, path, query, headers = {}, body }: ApiRequest): HttpRequest {
  const search = query ? `?${new URLSearchParams(query).toString()}` : ""
  return { method, path: path + search, headers, body: body === undefined ? "" : JSON.stringify(body) }
}

const loadVariable = "CORACLE_BENCH_LOAD"

/** First what is to be sent, then that it shall be sent; each is answered. */
type ToLoad =
  | { readonly batch: Batch; readonly go?: undefined }
  | { readonly go: true; readonly batch?: undefined }

interface FromLoad {
  readonly error?: string
}

function makeLoad(): void {
  let batch: Batch | undefined
  const answer = (message: FromLoad) => void process.send!(message)
  process.on("message", (message: ToLoad) => {
    if (message.batch) {
      batch = message.batch
      answer({})
      return
    }
    sendBatch(batch!).then(
      () => answer({}),
      (error: unknown) => answer({ error: String(error) }),
    )
  })
  process.on("disconnect", () => process.exit(0))
}

if (process.env[loadVariable]) makeLoad()
else await main()
