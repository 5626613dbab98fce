import { afterAll, beforeAll, expect, test } from "vitest"
import { answerOf } from "../raw-request.ts"
import { startTestServer, type TestServer } from "../testing.ts"

// What a real kube-apiserver v1.36 says of names, kind by kind: each row was seen there.

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.stop())

const selector = { matchLabels: { a: "b" } }
const template = {
  metadata: { labels: { a: "b" } },
  spec: { containers: [{ name: "c", image: "i" }] },
}
const bodies: Readonly<Record<string, object>> = {
  "/api/v1/namespaces/default/services": { spec: { ports: [{ port: 80 }] } },
  "/api/v1/namespaces/default/events": { involvedObject: { namespace: "default" } },
  "/api/v1/namespaces/default/replicationcontrollers": { spec: { selector: { a: "b" }, template } },
  "/apis/apps/v1/namespaces/default/statefulsets": { spec: { serviceName: "s", selector, template } },
  "/apis/policy/v1/namespaces/default/poddisruptionbudgets": { spec: { minAvailable: 1, selector } },
  "/apis/networking.k8s.io/v1/ipaddresses": {
    spec: { parentRef: { resource: "services", namespace: "default", name: "s" } },
  },
  "/apis/rbac.authorization.k8s.io/v1/clusterroles": { rules: [] },
}

async function outcome(path: string, metadata: object): Promise<string> {
  const body = JSON.stringify({ ...bodies[path], metadata })
  const { status, value } = await answerOf(server.server, {
    method: "POST",
    path: `${path}?dryRun=All`,
    body,
  })
  if (status === 201) return "created"
  const { causes = [] } = value.details
  return causes
    .map((cause: { field: string; message: string }) => `${cause.field}: ${cause.message}`)
    .join("; ")
    .replaceAll(/a lowercase RFC 1123 (\w+) must [^;]*/g, "no $1")
}

test.each([
  ["/api/v1/namespaces/default/services", { name: "1a" }, "created"],
  [
    "/api/v1/namespaces/default/services",
    { name: "a.b" },
    'metadata.name: Invalid value: "a.b": must not contain dots',
  ],
  ["/api/v1/namespaces/default/events", { name: "Bad_Name" }, "created"],
  [
    "/api/v1/namespaces/default/events",
    { name: "a/b" },
    `metadata.name: Invalid value: "a/b": may not contain '/'`,
  ],
  [
    "/api/v1/namespaces/default/replicationcontrollers",
    { name: "Bad" },
    'metadata.name: Invalid value: "Bad": no subdomain',
  ],
  ["/api/v1/namespaces/default/replicationcontrollers", { generateName: "x".repeat(254) }, "created"],
  [
    "/apis/apps/v1/namespaces/default/statefulsets",
    { name: "a.b" },
    'metadata.name: Invalid value: "a.b": must not contain dots',
  ],
  [
    "/apis/apps/v1/namespaces/default/statefulsets",
    { name: "Bad" },
    'metadata.name: Invalid value: "Bad": no label',
  ],
  ["/apis/policy/v1/namespaces/default/poddisruptionbudgets", { name: "Bad_Name" }, "created"],
  ["/apis/networking.k8s.io/v1/ipaddresses", { generateName: "10.0.0.9" }, "created"],
  [
    "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    { generateName: ".." },
    `metadata.generateName: Invalid value: "..": may not be '..'`,
  ],
])("%s: %j is %s", async (path, metadata, expected) => {
  expect(await outcome(path, metadata)).toBe(expected)
})
