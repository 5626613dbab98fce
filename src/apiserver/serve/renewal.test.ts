import { connect, type ConnectionOptions, type PeerCertificate } from "node:tls"
import { expect, test } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { textResponse } from "../http/response.ts"
import { serveHttps } from "./serve-https.ts"
import { issueTestCertificates } from "./testing.ts"

test("a renewed certificate is shown to the next client, and everything else about TLS stays as it was", async () => {
  const first = issueTestCertificates()
  const second = issueTestCertificates()
  const listening = await serveHttps(() => Promise.resolve(textResponse(200, "ok")), {
    host: "127.0.0.1",
    port: 0,
    serving: first.server,
    clientAuthorities: first.authority,
    minTlsVersion: "TLSv1.2",
    clock: realClock,
    log: silentLogger,
  })
  const shake = (options: ConnectionOptions) =>
    new Promise<PeerCertificate | string>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port: listening.port, ...options }, () => {
        resolve(socket.getPeerCertificate())
        socket.destroy()
      })
      socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    })
  const weak = {
    rejectUnauthorized: false,
    maxVersion: "TLSv1.2",
    ciphers: "ECDHE-ECDSA-AES128-SHA",
  } as const
  expect(await shake({ ca: first.authority })).toMatchObject({ subject: { CN: "kube-apiserver" } })
  expect(await shake(weak)).toMatch(/HANDSHAKE_FAILURE|ECONNRESET/)
  listening.renew(second.server)
  expect(typeof (await shake({ ca: first.authority }))).toBe("string")
  expect(await shake({ ca: second.authority })).toMatchObject({ subject: { CN: "kube-apiserver" } })
  expect(await shake(weak)).toMatch(/HANDSHAKE_FAILURE|ECONNRESET/)
  await listening.close(0)
})
