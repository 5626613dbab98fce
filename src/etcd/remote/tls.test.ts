/** Certificates on both sides: only who has one of the right authority gets in, whether it is our client or etcdctl. */
import { execFile, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { put } from "../contract/harness.ts"
import { WatchRecorder } from "../contract/watch-recorder.ts"
import { createEtcdServer, type EtcdServer } from "../grpc/etcd-server.ts"
import { createMemoryStore } from "../memory/memory-store.ts"
import { createRemoteStore } from "./remote-store.ts"

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0
if (!hasOpenssl) console.log("skipped: openssl is not installed")
const hasEtcdctl = spawnSync("etcdctl", ["version"]).status === 0

describe.skipIf(!hasOpenssl)("TLS", () => {
  const directory = mkdtempSync(join(tmpdir(), "coracle-tls-"))
  const path = (name: string) => join(directory, name)
  const read = (name: string) => readFileSync(path(name))
  let server: EtcdServer
  let endpoint: string

  beforeAll(async () => {
    makeAuthority("ca")
    makeAuthority("other-ca")
    makeCertificate("server", "ca")
    makeCertificate("client", "ca")
    makeCertificate("stranger", "other-ca")
    server = createEtcdServer({
      store: createMemoryStore({ clock: realClock }),
      clock: realClock,
      tls: {
        cert: read("server.crt"),
        key: read("server.key"),
        ca: read("ca.crt"),
        requestCert: true,
        rejectUnauthorized: true,
      },
    })
    endpoint = await server.listen(0, "127.0.0.1")
  })
  afterAll(async () => {
    await server?.close()
    rmSync(directory, { recursive: true, force: true })
  })

  const connect = (name: string | undefined, authority = "ca") =>
    createRemoteStore({
      endpoints: [endpoint],
      clock: realClock,
      log: silentLogger,
      timeoutMs: 1000,
      tls: {
        ca: read(`${authority}.crt`),
        ...(name !== undefined && { cert: read(`${name}.crt`), key: read(`${name}.key`) }),
      },
    })

  test("a client with a certificate reads, writes and watches", async () => {
    expect(endpoint).toMatch(/^https:/)
    const store = connect("client")
    const watch = new WatchRecorder(store, { key: "key" })
    await watch.started
    const { revision } = await store.txn({ success: [put("key", "x".repeat(100_000))] })
    await watch.until(revision)
    expect(watch.events).toMatchObject([{ kv: { modRevision: revision } }])
    await store.close()
  })

  test("strangers stay outside, and a server nobody vouches for is not trusted", async () => {
    for (const store of [connect(undefined), connect("stranger"), connect("client", "other-ca")]) {
      await expect(store.currentRevision()).rejects.toThrow(/no etcd endpoint answers/)
      await store.close()
    }
  })

  test.skipIf(!hasEtcdctl)("etcdctl with a certificate", async () => {
    const words = ["--cacert", path("ca.crt"), "--cert", path("client.crt"), "--key", path("client.key")]
    const env = { ...process.env, ETCDCTL_API: "3" }
    const output = await new Promise<string>((resolve) => {
      const all = [`--endpoints=${endpoint}`, ...words, "put", "by", "etcdctl"]
      execFile("etcdctl", all, { env }, (_error, stdout, stderr) => resolve(stdout + stderr))
    })
    expect(output).toBe("OK\n")
  })

  function openssl(...words: string[]): void {
    const { status, stderr } = spawnSync("openssl", words, { encoding: "utf8" })
    if (status !== 0) throw new Error(`openssl ${words.join(" ")}: ${stderr}`)
  }

  function makeAuthority(name: string): void {
    const subject = [
      "-subj",
      `/CN=${name}`,
      "-days",
      "2",
      "-keyout",
      path(`${name}.key`),
      "-out",
      path(`${name}.crt`),
    ]
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", ...subject)
  }

  function makeCertificate(name: string, authority: string): void {
    const key = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      path(`${name}.key`),
    ]
    openssl("req", ...key, "-subj", `/CN=${name}`, "-out", path(`${name}.csr`))
    writeFileSync(path("extensions"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    const issuer = ["-CA", path(`${authority}.crt`), "-CAkey", path(`${authority}.key`), "-CAcreateserial"]
    const output = ["-days", "2", "-extfile", path("extensions"), "-out", path(`${name}.crt`)]
    openssl("x509", "-req", "-in", path(`${name}.csr`), ...issuer, ...output)
  }
})
