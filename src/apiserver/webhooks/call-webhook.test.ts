import { createServer, type Server } from "node:https"
import { createServer as createPlainServer } from "node:http"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TLSSocket } from "node:tls"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { SeededRandom } from "../../base/simulated/random.ts"
import { issueAuthority, issueCertificate } from "../../cluster/certificates/issue-certificate.ts"
import type { KeyPair } from "../../cluster/certificates/key-pair-files.ts"
import { createWebhookCaller } from "./create-webhook-caller.ts"
import { kubeconfigCredentials } from "./real/kubeconfig-credentials.ts"
import { createWebhookTransport } from "./real/send-webhook.ts"
import type { WebhookTarget } from "./webhook-caller.ts"

const random = new SeededRandom("webhooks")
const now = Date.now()
const authority = issueAuthority("hooks", now, random)
const caBundle = Buffer.from(authority.certificatePem).toString("base64")

function certificateFor(dnsNames: string[], ipAddresses: string[]): KeyPair {
  const subject = { commonName: "hook" }
  const plan = { subject, usages: ["server auth"] as const, alternativeNames: { dnsNames, ipAddresses } }
  return issueCertificate({ name: "hook", ...plan } as never, authority, now, random)
}

const pair = certificateFor(["web.hooks.svc"], ["127.0.0.1"])
let server: Server
let port: number
let connections = 0
beforeAll(async () => {
  server = createServer(
    { key: pair.keyPem, cert: pair.certificatePem, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      if (request.url!.startsWith("/never")) return
      let text = ""
      request.setEncoding("utf8")
      request.on("data", (chunk: string) => (text += chunk))
      request.on("end", () => {
        if (request.url!.startsWith("/missing")) return response.writeHead(404).end("404 page not found")
        if (request.url!.startsWith("/broken")) return response.end("no JSON")
        return response.end(
          JSON.stringify({
            url: request.url,
            host: request.headers.host,
            got: JSON.parse(text),
            authorization: request.headers.authorization,
            certificate: (request.socket as TLSSocket).getPeerCertificate().subject?.CN,
          }),
        )
      })
    },
  )
  server.on("secureConnection", () => connections++)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const call = createWebhookCaller({
  transport: createWebhookTransport(),
  resolve: ({ name }) => {
    if (name === "gone") throw new Error('service "gone" not found')
    return { host: "127.0.0.1", port }
  },
})
const signal = new AbortController().signal
const post = (target: WebhookTarget, timeoutMs = 10_000) => call(target, { a: 1 }, timeoutMs, signal)

async function failure(target: WebhookTarget, timeoutMs?: number): Promise<string> {
  return post(target, timeoutMs).then(
    (answer) => `answered ${JSON.stringify(answer)}`,
    (error: Error) => error.message,
  )
}

describe("calling a webhook", () => {
  test("by its Service, whose name the certificate must have", async () => {
    const service = { namespace: "hooks", name: "web", path: "/convert" }
    expect(await post({ service, caBundle })).toEqual({
      url: "/convert?timeout=10s",
      host: "web.hooks.svc",
      got: { a: 1 },
    })
    expect(await failure({ service: { ...service, name: "other" }, caBundle })).toBe(
      'Post "https://other.hooks.svc:443/convert?timeout=10s": tls: failed to verify certificate: x509: certificate is valid for web.hooks.svc, not other.hooks.svc',
    )
    expect(await failure({ service: { namespace: "hooks", name: "gone" } })).toBe(
      'Post "https://gone.hooks.svc:443/?timeout=10s": service "gone" not found',
    )
  })

  test("by its address, over one connection", async () => {
    const url = `https://127.0.0.1:${port}/x`
    await post({ url, caBundle })
    const before = connections
    await post({ url, caBundle })
    expect(connections).toBe(before)
  })

  test("at a clean path, whatever slashes are configured", async () => {
    const { url } = (await post({ url: `https://127.0.0.1:${port}//hooks//x/`, caBundle })) as { url: string }
    expect(url).toBe("/hooks/x?timeout=10s")
  })

  test("only with trust", async () => {
    const url = `https://127.0.0.1:${port}/x`
    expect(await failure({ url })).toBe(
      `Post "${url}?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    )
    expect(await failure({ url: `https://localhost:${port}/x`, caBundle })).toBe(
      `Post "https://localhost:${port}/x?timeout=10s": tls: failed to verify certificate: x509: certificate is valid for web.hooks.svc, not localhost`,
    )
  })

  test("by trusting its own certificate, without the authority that signed it", async () => {
    const own = Buffer.from(pair.certificatePem).toString("base64")
    expect(await post({ url: `https://127.0.0.1:${port}/own`, caBundle: own })).toMatchObject({
      got: { a: 1 },
    })
    const other = Buffer.from(certificateFor([], ["127.0.0.1"]).certificatePem).toString("base64")
    expect(await failure({ url: `https://127.0.0.1:${port}/own`, caBundle: other })).toContain(
      "unknown authority",
    )
  })

  test("that is shown who calls", async () => {
    const directory = mkdtempSync(join(tmpdir(), "webhook-credentials-"))
    const { certificatePem, keyPem } = certificateFor(["caller"], [])
    const inBase64 = (text: string) => Buffer.from(text).toString("base64")
    const users = [
      { name: "web.hooks.svc", user: { token: "for-web" } },
      { name: "*.hooks.svc", user: { token: "for-others" } },
      {
        name: "*",
        user: {
          "client-certificate-data": inBase64(certificatePem),
          "client-key-data": inBase64(keyPem),
        },
      },
    ]
    writeFileSync(join(directory, "kubeconfig"), JSON.stringify({ kind: "Config", apiVersion: "v1", users }))
    const shown = await kubeconfigCredentials(join(directory, "kubeconfig"))
    rmSync(directory, { recursive: true })
    const service = { namespace: "hooks", name: "web", path: "/x" }
    expect(await call({ service, caBundle }, {}, 10_000, signal, shown)).toMatchObject({
      authorization: "Bearer for-web",
    })
    const url = `https://127.0.0.1:${port}/x`
    expect(await call({ url, caBundle }, {}, 10_000, signal, shown)).toMatchObject({ certificate: "hook" })
    expect(await call({ url, caBundle }, {}, 10_000, signal)).not.toHaveProperty("certificate")
    await expect(kubeconfigCredentials("/nowhere")).rejects.toThrow(
      "stat /nowhere: no such file or directory",
    )
  })

  test("that fails, in upstream's words", async () => {
    const at = (path: string) => ({ url: `https://127.0.0.1:${port}${path}`, caBundle })
    expect(await failure(at("/missing"))).toBe("the server could not find the requested resource")
    expect(await failure(at("/broken"))).toContain("couldn't get version/kind; json parse error: ")
    expect(await failure(at("/never"), 50)).toBe(
      `Post "https://127.0.0.1:${port}/never?timeout=50ms": context deadline exceeded`,
    )
    expect(await failure({ url: "https://127.0.0.1:1/x" })).toBe(
      'Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused',
    )
  })

  test("that speaks no TLS", async () => {
    const plain = createPlainServer((_, response) => response.end("{}"))
    await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve))
    const url = `https://127.0.0.1:${(plain.address() as AddressInfo).port}/x`
    expect(await failure({ url })).toBe(
      `Post "${url}?timeout=10s": http: server gave HTTP response to HTTPS client`,
    )
    plain.close()
  })
})
