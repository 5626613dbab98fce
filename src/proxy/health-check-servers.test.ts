import { get } from "node:http"
import { createServer } from "node:net"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { describe, expect, it } from "vitest"
import { silentLogger } from "../base/log.ts"
import type { ActionEvent } from "../client/event-series-recorder.ts"
import { HealthCheckServers } from "./health-check-servers.ts"

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

function ask(port: number): Promise<{ code: number | undefined; body: string } | string> {
  return new Promise((resolve) => {
    get({ port, agent: false }, (response) => {
      let body = ""
      response.on("data", (data) => (body += String(data)))
      response.on("end", () => resolve({ code: response.statusCode, body }))
    }).on("error", (error) => resolve((error as { code?: string }).code ?? ""))
  })
}

describe("HealthCheckServers", () => {
  it("tells load balancers whether the node has endpoints, as kube-proxy words it", async () => {
    let isHealthy = true
    const servers = new HealthCheckServers({
      nodeName: "here",
      isProxyHealthy: () => isHealthy,
      log: silentLogger,
    })
    const port = await freePort()
    const check = { namespace: "default", name: "web", port, localEndpoints: 2 }
    servers.update("default/web", check)
    await expect
      .poll(() => ask(port))
      .toEqual({
        code: 200,
        body: `{
\t"service": {
\t\t"namespace": "default",
\t\t"name": "web"
\t},
\t"localEndpoints": 2,
\t"serviceProxyHealthy": true
}`,
      })
    servers.update("default/web", { ...check, localEndpoints: 0 })
    expect(await ask(port)).toMatchObject({ code: 503 })
    servers.update("default/web", undefined)
    await expect.poll(() => ask(port)).toBe("ECONNREFUSED")
  })

  it("tells of a port that somebody else has, and tries anew with the next", async () => {
    const told: ActionEvent[] = []
    const events = { record: (event: ActionEvent) => told.push(event) }
    const servers = new HealthCheckServers({
      nodeName: "here",
      isProxyHealthy: () => true,
      events,
      log: silentLogger,
    })
    const other = createServer().listen(0)
    await once(other, "listening")
    const { port } = other.address() as AddressInfo
    const check = { namespace: "default", name: "web", port, localEndpoints: 1 }
    servers.update("default/web", check)
    await expect.poll(() => told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      regarding: { kind: "Service", namespace: "default", name: "web" },
      type: "Warning",
      reason: "FailedToStartServiceHealthcheck",
      action: "Listen",
      note: `node here failed to start healthcheck "default/web" on port ${port}: listen tcp :${port}: bind: address already in use`,
    })
    other.close()
    await once(other, "close")
    // As upstream, at the next change of a Service: the port may be free by then.
    servers.update("default/web", check)
    await expect.poll(() => ask(port)).toMatchObject({ code: 200 })
    servers.close()
  })
})
