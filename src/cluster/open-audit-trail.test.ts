import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { AuditEvent } from "../apiserver/audit/event.ts"
import { issueTestCertificates } from "../apiserver/serve/testing.ts"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { openAuditTrail } from "./open-audit-trail.ts"

const certificates = issueTestCertificates()
const { certificate: cert, key } = certificates.server
const parts = { clock: realClock, log: silentLogger }
let directory: string
let server: Server
let got: { authorization: string | undefined; body: { kind: string; items: AuditEvent[] } }[]

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "audit-trail-"))
  got = []
  server = createServer({ cert, key }, (request, response) => {
    void text(request).then((body) => {
      got.push({ authorization: request.headers.authorization, body: JSON.parse(body) })
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(directory, { recursive: true })
})

function file(name: string, content: string): string {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}

test("a server elsewhere is told of everything, also of what happens right before the end", async () => {
  const authority = Buffer.from(certificates.authority).toString("base64")
  const { port } = server.address() as AddressInfo
  const cluster = { server: `https://127.0.0.1:${port}/audit`, "certificate-authority-data": authority }
  const kubeconfig = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user: { token: "secret" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  }
  const trail = await openAuditTrail(
    {
      policyFile: file("policy", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]"),
      webhookConfigFile: file("kubeconfig", JSON.stringify(kubeconfig)),
    },
    parts,
  )
  for (const auditID of ["a", "b"]) trail.write({ auditID } as AuditEvent)
  await trail.close()
  expect(got).toEqual([
    {
      authorization: "Bearer secret",
      body: {
        kind: "EventList",
        apiVersion: "audit.k8s.io/v1",
        metadata: {},
        items: [{ auditID: "a" }, { auditID: "b" }],
      },
    },
  ])
})

test("files that are not there, or say nothing, are errors", async () => {
  const policyFile = file("policy", "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]")
  await expect(openAuditTrail({ policyFile: join(directory, "none") }, parts)).rejects.toThrow("ENOENT")
  const webhookConfigFile = join(directory, "none")
  await expect(openAuditTrail({ policyFile, webhookConfigFile }, parts)).rejects.toThrow(
    "is missing or names no cluster",
  )
})
