import { request } from "node:https"
import { afterEach, beforeEach, expect, test } from "vitest"
import { PluginChain } from "../../apiserver/admission/admission-chain.ts"
import { AdmissionMetrics } from "../../apiserver/metrics/admission-metrics.ts"
import { RequestAuthenticator } from "../../apiserver/authentication/authenticate-request.ts"
import type { CreateSecurity } from "../../apiserver/security.ts"
import { startTestServer, type TestServer } from "../../apiserver/testing.ts"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { realRandom } from "../../base/real/random.ts"
import { issueTemporary } from "../certificates/issue-certificate.ts"
import { withComponentPages } from "../component-pages.ts"
import { serveSecurePort } from "./serve-secure-port.ts"

const users = new Map([
  ["of-reader", "reader"],
  ["of-other", "other"],
  ["of-profiler", "profiler"],
])

/** Tokens are known by name; the reader may read metrics, the component itself everything. */
const security: CreateSecurity = () => ({
  authenticator: { authenticate: async () => undefined },
  authorizer: {
    authorize: ({ user, ...asked }) => ({
      decision:
        user.groups.includes("system:masters") ||
        (user.name === "profiler" && "path" in asked && asked.path?.startsWith("/debug/pprof/")) ||
        (user.name === "reader" &&
          "path" in asked &&
          ["/metrics", "/flagz", "/metrics/slis", "/readyz/leaderElection"].includes(asked.path ?? ""))
          ? "allowed"
          : "denied",
      reason: "",
    }),
    rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
  },
  admission: new PluginChain([], { clock: realClock, admissionMetrics: new AdmissionMetrics() }),
  tokenReviewer: {
    audiences: ["api"],
    authenticator: new RequestAuthenticator({
      connection: [],
      audiences: ["api"],
      anonymous: false,
      tokens: [
        {
          authenticateToken: async (token) => {
            const name = users.get(token)
            const user = name && { name, groups: ["system:authenticated"], extra: {} }
            return user ? { user, audiences: ["api"] } : undefined
          },
        },
      ],
    }),
  },
})

/** As it was found, changed by tests. */
const leader = {
  name: "leaderElection",
  problem: "",
  check: () => {
    if (leader.problem) throw new Error(leader.problem)
  },
}

let server: TestServer
let port: number
const stop = new AbortController()

beforeEach(async () => {
  server = await startTestServer({ security })
  const { certificatePem, keyPem } = issueTemporary("kube-scheduler", Date.parse("2026-01-01"), realRandom)
  port = await serveSecurePort({
    host: "127.0.0.1",
    port: 0,
    serving: { certificate: certificatePem, key: keyPem },
    client: server.client,
    clock: realClock,
    log: silentLogger,
    signal: stop.signal,
    pages: withComponentPages(
      "kube-scheduler",
      {
        clock: realClock,
        paths: ["/metrics"],
        values: { v: 2 },
        probes: { healthz: () => [], readyz: () => [leader] },
        profiling: true,
      },
      ({ path }) => (path === "/metrics" ? { contentType: "text/plain", text: "up 1\n" } : undefined),
    ),
  })
})
afterEach(async () => {
  stop.abort()
  await server.stop()
})

function get(path: string, token?: string): Promise<[status: number | undefined, text: string]> {
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: "127.0.0.1", port, path, headers, rejectUnauthorized: false, agent: false },
      (response) => {
        let text = ""
        response.setEncoding("utf8")
        response.on("data", (part: string) => (text += part))
        response.on("end", () => resolve([response.statusCode, text]))
      },
    )
    asked.on("error", reject)
    asked.end()
  })
}

const failure = (code: number, reason: string, message: string) =>
  expect.objectContaining({ kind: "Status", status: "Failure", code, reason, message })

test("tells of itself to those who may, and of its health to all", async () => {
  expect(await get("/healthz")).toEqual([200, "ok"])
  expect(await get("/metrics", "of-reader")).toEqual([200, "up 1\n"])
  expect(await get("/flagz", "of-reader")).toEqual([
    200,
    expect.stringMatching(/kube-scheduler flagz\n[^]*\nv=2\n$/),
  ])
  const refused = async (path: string, token?: string) => JSON.parse((await get(path, token))[1]) as unknown
  expect(await refused("/metrics")).toEqual(
    failure(403, "Forbidden", 'forbidden: User "system:anonymous" cannot get path "/metrics"'),
  )
  expect(await refused("/metrics", "of-other")).toEqual(
    failure(403, "Forbidden", 'forbidden: User "other" cannot get path "/metrics"'),
  )
  expect(await refused("/configz", "of-reader")).toEqual(
    failure(403, "Forbidden", 'forbidden: User "reader" cannot get path "/configz"'),
  )
  expect(await refused("/metrics", "of-nobody")).toEqual(failure(401, "Unauthorized", "Unauthorized"))
})

test("tells what its probes found, and why to those alone who may ask for a check", async () => {
  leader.problem = "cannot renew"
  expect(await get("/readyz")).toEqual([
    500,
    "[-]leaderElection failed: reason withheld\nreadyz check failed\n",
  ])
  expect((await get("/readyz/leaderElection"))[0]).toBe(403)
  expect(await get("/readyz/leaderElection", "of-reader")).toEqual([
    500,
    "internal server error: cannot renew\n",
  ])
  leader.problem = ""
  expect(await get("/readyz?verbose")).toEqual([200, "[+]leaderElection ok\nreadyz check passed\n"])
  expect(await get("/healthz?exclude=ping&verbose")).toEqual([
    200,
    "[+]ping excluded: ok\nhealthz check passed\n",
  ])
  expect((await get("/livez"))[0]).toBe(404)
  const [, text] = await get("/metrics/slis", "of-reader")
  expect(text.split("\n").filter((line) => line.startsWith("kubernetes"))).toEqual([
    'kubernetes_healthcheck{name="leaderElection",type="readyz"} 1',
    'kubernetes_healthchecks_total{name="leaderElection",status="error",type="readyz"} 1',
    'kubernetes_healthchecks_total{name="leaderElection",status="success",type="readyz"} 1',
  ])
  expect(text).toContain("[STABLE] This metric records the results of all healthcheck.")
})

test("has profiles for those who may", async () => {
  expect((await get("/debug/pprof/", "of-reader"))[0]).toBe(403)
  expect((await get("/debug/pprof/", "of-profiler"))[1]).toContain("<title>/debug/pprof/</title>")
  expect((await get("/debug/pprof/heap?seconds=0.01", "of-profiler"))[0]).toBe(200)
})
