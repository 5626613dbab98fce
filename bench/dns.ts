/**
 * How many questions one core answers. The server runs in this process, the clients in another; "per core" divides by the
 * processor time that the server took, so that the clients' share of the machine does not count.
 *
 * Usage: npm run bench -- dns [services]
 */
import { fork } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { Namespace } from "../src/api/core/v1/namespace.ts"
import { Service } from "../src/api/core/v1/service.ts"
import { EndpointSlice } from "../src/api/discovery/v1/endpoint-slice.ts"
import { startTestServer } from "../src/apiserver/testing.ts"
import { silentLogger } from "../src/base/log.ts"
import { realClock } from "../src/base/real/clock.ts"
import { realRandom } from "../src/base/real/random.ts"
import { createInformers } from "../src/client/informers.ts"
import { createDnsServer } from "../src/dns/create-dns-server.ts"
import { encodeQuery } from "../src/dns/wire/encode-query.ts"

const seconds = 3
const window = 64

interface Load {
  readonly port: number
  readonly names: readonly string[]
  readonly type: number
}

async function serve(): Promise<void> {
  const serviceCount = Number(process.argv[2] ?? 1000)
  const stop = new AbortController()
  const api = await startTestServer()
  await fill(api.client, serviceCount)
  const informers = createInformers({
    client: api.client,
    clock: realClock,
    random: realRandom,
    log: silentLogger,
  })
  const dns = createDnsServer({
    informers,
    port: 0,
    upstreams: { list: async () => [] },
    clock: realClock,
    random: realRandom,
    log: silentLogger,
  })
  informers.start(stop.signal)
  await dns.ready
  await dns.listen(["127.0.0.1"])
  const port = dns.ports[0]!
  const every = (form: (index: number) => string) =>
    Array.from({ length: serviceCount }, (_, index) => form(index))
  console.log(`${serviceCount} Services, headless ones with 10 endpoints; ${window} questions under way`)
  for (const [title, names, type] of [
    ["A of a cluster IP", every((index) => `web-${index}.default.svc.cluster.local`), 1],
    ["A of a headless Service", every((index) => `db-${index}.default.svc.cluster.local`), 1],
    ["SRV of a headless Service", every((index) => `_http._tcp.db-${index}.default.svc.cluster.local`), 33],
    [
      "no such name (search path)",
      every((index) => `web-${index}.default.svc.cluster.local.cluster.local`),
      1,
    ],
  ] as const)
    await measure(title, { port, names, type })
  stop.abort()
  await dns.close()
  await api.stop()
}

async function measure(title: string, load: Load): Promise<void> {
  const client = fork(process.argv[1]!, ["client", JSON.stringify(load)])
  await once(client, "message")
  const cpuBefore = process.cpuUsage()
  const [answered] = (await once(client, "message")) as [number]
  const cpu = process.cpuUsage(cpuBefore)
  const cpuSeconds = (cpu.user + cpu.system) / 1e6
  const perCore = Math.round(answered / cpuSeconds)
  console.log(
    `${title.padEnd(28)} ${String(Math.round(answered / seconds)).padStart(7)} questions/s on this machine, ${String(perCore).padStart(7)} per core`,
  )
}

/** Keeps `window` questions under way for a while and says how many were answered. */
async function ask({ port, names, type }: Load): Promise<void> {
  const messages = names.map((name) => encodeQuery(name, type).message)
  const socket = createSocket({ type: "udp4", lookup: (host, _options, found) => found(null, host, 4) })
  let answered = 0
  let turn = 0
  const send = () => socket.send(messages[turn++ % messages.length]!, port, "127.0.0.1")
  socket.on("message", () => {
    answered++
    send()
  })
  for (let index = 0; index < window; index++) send()
  process.send!("started")
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  process.send!(answered)
  socket.close()
  process.disconnect()
}

async function fill(
  client: Awaited<ReturnType<typeof startTestServer>>["client"],
  count: number,
): Promise<void> {
  await client.create(Namespace, { metadata: { name: "default" } }).catch(() => {})
  const ports = [{ name: "http", port: 80, protocol: "TCP" as const }]
  for (let index = 0; index < count; index++) {
    await client.create(Service, {
      metadata: { namespace: "default", name: `web-${index}` },
      spec: { ports },
    })
    await client.create(Service, {
      metadata: { namespace: "default", name: `db-${index}` },
      spec: { clusterIP: "None", ports },
    })
    await client.create(EndpointSlice, {
      metadata: {
        namespace: "default",
        name: `db-${index}-1`,
        labels: { "kubernetes.io/service-name": `db-${index}` },
      },
      addressType: "IPv4",
      endpoints: Array.from({ length: 10 }, (_, endpoint) => ({
        addresses: [`10.244.${index & 255}.${endpoint + 1}`],
        conditions: { ready: true },
      })),
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    })
  }
}

await (process.argv[2] === "client" ? ask(JSON.parse(process.argv[3]!) as Load) : serve())
