import { spawn } from "node:child_process"
import { join } from "node:path"
import { realRandom } from "../../src/base/real/random.ts"
import { issueAuthority, issueCertificate } from "../../src/cluster/certificates/issue-certificate.ts"

/** An admission webhook in a process of its own; webhook-server.mjs says what it answers at which path. */
export interface WebhookServer {
  readonly port: number
  /** For `clientConfig.caBundle`. */
  readonly caBundle: string
  stop(): void
}

/** @param host the address it listens at; its certificate is good for that and for `dnsNames` */
export async function startWebhookServer(
  host = "127.0.0.1",
  dnsNames: readonly string[] = [],
): Promise<WebhookServer> {
  const now = Date.now()
  const authority = issueAuthority("webhook-test", now, realRandom)
  const pair = issueCertificate(
    {
      name: "webhook",
      signedBy: "ca",
      subject: { commonName: "webhook" },
      usages: ["server auth"],
      alternativeNames: { dnsNames, ipAddresses: [host] },
    },
    authority,
    now,
    realRandom,
  )
  const script = join(import.meta.dirname, "webhook-server.mjs")
  const server = spawn(process.execPath, [script], { stdio: ["pipe", "pipe", "inherit"] })
  server.stdin.end(JSON.stringify({ key: pair.keyPem, cert: pair.certificatePem, host }))
  const port = await new Promise<number>((resolve, reject) => {
    server.stdout.once("data", (line: Buffer) => resolve(Number(line.toString())))
    server.once("exit", (code) => reject(new Error(`the webhook server ended with ${code}`)))
  })
  return {
    port,
    caBundle: Buffer.from(authority.certificatePem).toString("base64"),
    stop: () => void server.kill(),
  }
}
