import { createSocket } from "node:dgram"
import { once } from "node:events"
import { connect, createServer, type AddressInfo, type Server } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import { putUnchecked, startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { createInformers, type Informers } from "../../client/informers.ts"
import { createUserspaceProxy, type UserspaceProxy } from "./create-userspace-proxy.ts"

/** Loopback addresses stand for pods: all of 127.0.0.0/8 is this machine. */
const endpointAddresses = ["127.1.0.1", "127.1.0.2"]

describe("userspace proxy", () => {
  let api: TestServer
  let informers: Informers
  let proxy: UserspaceProxy
  let running: Promise<void>
  let port = 0
  const servers: Server[] = []
  const udp = endpointAddresses.map(() => createSocket("udp4"))
  const stop = new AbortController()

  const ask = async (at: number) => {
    const socket = connect(at, "127.0.0.1")
    socket.end("who?")
    let text = ""
    socket.on("data", (data) => (text += String(data)))
    return once(socket, "close").then(
      () => text,
      () => "refused",
    )
  }

  async function setEndpoints(addresses: readonly string[]): Promise<void> {
    const key = { namespace: "default", name: "web-1" }
    const slice = await api.client.get(EndpointSlice, key)
    const resourceVersion = await putUnchecked(api, EndpointSlice, {
      ...slice,
      endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    })
    await informers.reached(EndpointSlice, resourceVersion)
    await proxy.settled()
  }

  beforeAll(async () => {
    for (const [index, address] of endpointAddresses.entries()) {
      const server = createServer(
        (socket) => void socket.on("data", (data) => socket.end(`${index} heard ${String(data)}`)),
      )
      server.listen(index === 0 ? 0 : port, address)
      await once(server, "listening")
      port = (server.address() as AddressInfo).port
      servers.push(server)
      udp[index]!.on("message", (_message, from) => udp[index]!.send(String(index), from.port, from.address))
      udp[index]!.bind(port, address)
      await once(udp[index]!, "listening")
    }
    api = await startTestServer()
    await api.client.create(Service, {
      metadata: { namespace: "default", name: "web" },
      spec: {
        type: "NodePort",
        ports: [
          { name: "tcp", port: 80, nodePort: 31080, protocol: "TCP" },
          { name: "udp", port: 80, nodePort: 31080, protocol: "UDP" },
        ],
      },
    })
    await putUnchecked(api, EndpointSlice, {
      metadata: { namespace: "default", name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
      addressType: "IPv4",
      endpoints: [],
      ports: [
        { name: "tcp", port, protocol: "TCP" },
        { name: "udp", port, protocol: "UDP" },
      ],
    })
    informers = createInformers({
      client: api.client,
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    proxy = createUserspaceProxy({
      informers,
      nodeName: "here",
      clock: realClock,
      random: realRandom,
      log: silentLogger,
    })
    running = proxy.run(stop.signal)
    informers.start(stop.signal)
    await proxy.ready
  })

  afterAll(async () => {
    stop.abort()
    await running
    for (const server of servers) server.close()
    for (const socket of udp) socket.close()
    await api.stop()
  })

  it("passes connections on, both directions to their end, to endpoints that are there", async () => {
    await setEndpoints(endpointAddresses)
    const answers = new Set<string>()
    for (let round = 0; round < 30; round++) answers.add(await ask(31080))
    expect([...answers].toSorted()).toEqual(["0 heard who?", "1 heard who?"])
    await setEndpoints([endpointAddresses[1]!])
    for (let round = 0; round < 5; round++) expect(await ask(31080)).toBe("1 heard who?")
    await setEndpoints([])
    expect(await ask(31080)).toBe("refused")
  })

  it("keeps UDP clients with their endpoint while it is there", async () => {
    await setEndpoints(endpointAddresses)
    const client = createSocket("udp4")
    const askUdp = async () => {
      client.send("?", 31080, "127.0.0.1")
      return String((await once(client, "message"))[0])
    }
    const first = await askUdp()
    expect(await askUdp()).toBe(first)
    const other = first === "0" ? 1 : 0
    await setEndpoints([endpointAddresses[other]!])
    expect(await askUdp()).toBe(String(other))
    client.close()
  })

  it("closes the port with its Service", async () => {
    await api.client.delete(Service, { namespace: "default", name: "web" })
    await expect.poll(() => ask(31080)).toBe("refused")
  })
})
