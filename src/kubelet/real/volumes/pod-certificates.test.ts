import { createPrivateKey, createPublicKey } from "node:crypto"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { startTestServer, type TestServer } from "../../../apiserver/testing.ts"
import { PodCertificateRequest } from "../../../api/certificates/v1beta1/pod-certificate-request.ts"
import { Namespace } from "../../../api/core/v1/namespace.ts"
import { Node } from "../../../api/core/v1/node.ts"
import type { Pod } from "../../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../../api/core/v1/service-account.ts"
import { parseCertificateRequest } from "../../../api/certificates/validation/parse-certificate.ts"
import { decodeBase64 } from "../../../base/base64.ts"
import { realClock } from "../../../base/real/clock.ts"
import { realRandom } from "../../../base/real/random.ts"
import { PodCertificates } from "./pod-certificates.ts"

const namespace = "default"
const pod = {
  metadata: { name: "p", namespace, uid: "pod-uid" },
  spec: { serviceAccountName: "default" },
} as unknown as Pod

let server: TestServer
let certificates: PodCertificates
let nowMs: number
/** What the signer has said, by request. */
let verdicts: Map<string, PodCertificateRequest["status"]>
let told: string[]
const created = async () => (await server.client.list(PodCertificateRequest, { namespace })).items

beforeEach(async () => {
  server = await startTestServer({ clock: realClock, random: realRandom })
  await server.client.create(Namespace, { metadata: { name: namespace } }).catch(() => {})
  await server.client.create(ServiceAccount, { metadata: { name: "default", namespace } })
  await server.client.create(Node, { metadata: { name: "node-1" } })
  nowMs = realClock.now()
  verdicts = new Map()
  told = []
  certificates = new PodCertificates({
    nodeName: "node-1",
    client: server.client,
    clock: { ...realClock, now: () => nowMs },
    random: { ...realRandom, next: () => 0 },
    requests: async () =>
      (await created()).map((each) => ({ ...each, status: verdicts.get(each.metadata.name) ?? each.status })),
    events: () => ({ event: (_, type, reason, message) => void told.push(`${type} ${reason} ${message}`) }),
  })
})
afterEach(() => server.stop())

const get = (keyType = "ECDSAP256") =>
  certificates.get(pod, "volume 0", { signerName: "example.com/signer", keyType, maxExpirationSeconds: 3600 })
const condition = (type: string) => ({
  type,
  status: "True" as const,
  reason: "Because",
  message: "so it is",
  lastTransitionTime: new Date(nowMs).toISOString(),
})
const chain = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
const issue = (name: string) =>
  verdicts.set(name, {
    conditions: [condition("Issued")],
    certificateChain: `said the signer\n${chain}`,
    beginRefreshAt: new Date(nowMs + 1_800_000).toISOString(),
  })

describe("certificates for pods", () => {
  it("are asked for once, and there when they are issued", async () => {
    await expect(get()).rejects.toThrow("credential bundle is not issued yet")
    await expect(get()).rejects.toThrow("credential bundle is not issued yet")
    const [request, ...others] = await created()
    expect(others).toEqual([])
    expect(request?.spec).toMatchObject({ podName: "p", podUID: "pod-uid", nodeName: "node-1" })
    expect(request?.metadata.ownerReferences?.[0]).toMatchObject({ kind: "Pod", uid: "pod-uid" })
    issue(request!.metadata.name)
    const credential = await get()
    expect(credential.chain).toBe(chain)
    const publicKey = createPublicKey(createPrivateKey(credential.key)).export({
      type: "spki",
      format: "der",
    })
    const asked = parseCertificateRequest(decodeBase64(request?.spec.stubPKCS10Request ?? ""))
    expect(Buffer.from(asked.publicKey).equals(publicKey)).toBe(true)
  })

  it("are renewed with another key before they end; until then the old one serves", async () => {
    await get().catch(() => {})
    issue((await created())[0]!.metadata.name)
    const first = await get()
    expect(certificates.refreshAtMs("pod-uid")).toBeGreaterThan(nowMs)
    nowMs += 1_900_000
    expect(await get()).toBe(first)
    expect(certificates.refreshAtMs("pod-uid")).toBeUndefined()
    for (const { metadata } of await created()) issue(metadata.name)
    const second = await get()
    expect(second.key).not.toBe(first.key)
    expect(await created()).toHaveLength(2)
  })

  it("are refused for good when the signer says no", async () => {
    await get().catch(() => {})
    const [request] = await created()
    verdicts.set(request!.metadata.name, { conditions: [condition("Denied")] })
    const refusal = 'PodCertificateRequest was permanently denied: reason="Because" message="so it is"'
    await expect(get()).rejects.toThrow(refusal)
    await expect(get()).rejects.toThrow(refusal)
    expect(await created()).toHaveLength(1)
    expect(told).toEqual([
      `Warning Denied PodCertificateRequest default/${request!.metadata.name} was denied, reason="Because", message="so it is"`,
    ])
  })

  it.each(["ED25519", "ECDSAP384", "ECDSAP521", "RSA3072"])("can have a key of type %s", async (keyType) => {
    await expect(get(keyType)).rejects.toThrow("not issued yet")
    expect(await created()).toHaveLength(1)
  })
})
