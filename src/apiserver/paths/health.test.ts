import { afterEach, beforeEach, expect, it } from "vitest"
import { answerOf } from "../raw-request.ts"
import { startTestServer, type TestServer } from "../testing.ts"

let server: TestServer
let isWell = true

beforeEach(async () => {
  isWell = true
  const check = () => {
    if (!isWell) throw new Error("worn out")
  }
  const profile = async () => ({ status: 200, headers: {}, body: { kind: "empty" } as const })
  server = await startTestServer({ profile, healthChecks: [{ name: "mood", of: ["livez"], check }] })
})
afterEach(() => server.stop())

const ask = (path: string, method = "GET") => answerOf(server.server, { method, path })

it("records what probes found, each time that they asked for all", async () => {
  await ask("/livez")
  isWell = false
  expect((await ask("/livez")).status).toBe(500)
  // Who asks for one alone wants to know why.
  expect((await ask("/livez/mood")).text).toBe("internal server error: worn out\n")
  const { text } = await ask("/metrics/slis")
  expect(text).toContain('kubernetes_healthcheck{name="mood",type="livez"} 0\n')
  expect(text).toContain('kubernetes_healthchecks_total{name="mood",status="success",type="livez"} 1\n')
  expect(text).toContain('kubernetes_healthchecks_total{name="mood",status="error",type="livez"} 1\n')
  expect(text).toContain('kubernetes_healthcheck{name="etcd",type="livez"} 1\n')
  expect(text).not.toContain("healthz")
})

it("counts from zero again after DELETE", async () => {
  await ask("/livez")
  expect(await ask("/metrics/slis", "DELETE")).toMatchObject({ status: 200, text: "metrics reset\n" })
  expect((await ask("/metrics/slis")).text).not.toContain("kubernetes_health")
  await ask("/api/v1/secrets")
  const counted = /^apiserver_request_total\{.*resource="secrets".*\} (\d+)$/m
  const before = (await ask("/metrics")).text
  expect((await ask("/metrics", "DELETE")).text).toBe("metrics reset\n")
  expect([counted.exec(before)?.[1], counted.exec((await ask("/metrics")).text)?.[1]]).toEqual(["1", "0"])
})
