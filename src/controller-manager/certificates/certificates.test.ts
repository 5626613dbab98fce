import { X509Certificate } from "node:crypto"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { createDefaultAuthorizer } from "../../apiserver/authorization/default-authorizer.ts"
import { defaultPolicy } from "../../apiserver/authorization/rbac/bootstrap/default-policy.ts"
import { ensurePolicy } from "../../apiserver/authorization/rbac/bootstrap/ensure-policy.ts"
import { CertificateSigningRequest } from "../../api/certificates/v1/certificate-signing-request.ts"
import { Node } from "../../api/core/v1/node.ts"
import { ClusterRoleBinding } from "../../api/rbac/v1/cluster-role-binding.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { realRandom } from "../../base/real/random.ts"
import { signCertificateRequest } from "../../base/real/x509/certificate-request.ts"
import { generateKey } from "../../base/real/x509/keys.ts"
import type { AlternativeNames } from "../../base/real/x509/names.ts"
import { encodePem } from "../../base/real/x509/pem.ts"
import { createClient } from "../../client/create-client.ts"
import { issueAuthority } from "../../cluster/certificates/issue-certificate.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createApprovingController } from "./approve.ts"
import { cleaningController } from "./clean.ts"
import { createAuthoritySigner } from "./real/authority-signer.ts"
import { createSigningController } from "./sign.ts"

const startMs = Date.UTC(2026, 0, 1)
const authority = issueAuthority("kubernetes", startMs, realRandom)
const signer = createAuthoritySigner({ ...authority, random: realRandom })

let cluster: TestCluster
beforeEach(async () => {
  cluster = await startTestCluster(
    [createApprovingController(signer), createSigningController(signer), cleaningController],
    {
      startMs,
      security: () => {
        const { authorizer, followers } = createDefaultAuthorizer()
        return {
          authenticator: { authenticate: async () => undefined },
          authorizer,
          admission: { mutate: async ({ object }) => object, validate: async () => {} },
          followers,
          startHooks: [(self) => ensurePolicy(self, defaultPolicy())],
        }
      },
    },
  )
  await cluster.client.create(ClusterRoleBinding, {
    metadata: { name: "nodes-renew" },
    roleRef: {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "ClusterRole",
      name: "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    },
    subjects: [{ kind: "Group", apiGroup: "rbac.authorization.k8s.io", name: "system:nodes" }],
  })
})
afterEach(() => cluster.stop())

const nodeSubject = { commonName: "system:node:a", organizations: ["system:nodes"] }

async function request(
  spec: Draft<CertificateSigningRequest["spec"]>,
  user: string,
  groups: string[],
  subject = nodeSubject,
  alternativeNames: AlternativeNames = {},
): Promise<void> {
  const der = signCertificateRequest({ subject, alternativeNames }, generateKey())
  const everything = [...groups, "system:masters"]
  const transport = cluster.server.server.transportFor({ name: user, groups: everything, extra: {} })
  await createClient(transport).create(CertificateSigningRequest, {
    metadata: { name: "csr" },
    spec: {
      request: btoa(encodePem("CERTIFICATE REQUEST", der)),
      username: user,
      groups: everything,
      ...spec,
    },
  })
  await cluster.advance(100)
}

const find = () => cluster.client.get(CertificateSigningRequest, { name: "csr" }).catch(ignoreNotFound)
async function conditions() {
  const { conditions: some } = (await find())!.status
  return some?.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
}

const kubelet = {
  signerName: "kubernetes.io/kube-apiserver-client-kubelet",
  usages: ["client auth" as const, "digital signature" as const],
}

async function approve(): Promise<void> {
  const csr = (await find())!
  const condition = {
    type: "Approved",
    status: "True",
    reason: "Me",
    message: "",
    lastUpdateTime: null as never,
    lastTransitionTime: null as never,
  }
  await cluster.client.update(
    CertificateSigningRequest,
    { ...csr, status: { ...csr.status, conditions: [condition] } },
    { subresource: "approval" },
  )
  await cluster.advance(100)
}

describe("certificate signing requests", () => {
  it("of a node for its own certificate are approved and signed", async () => {
    await request({ ...kubelet, expirationSeconds: 86_400 }, "system:node:a", ["system:nodes"])
    expect(await conditions()).toEqual([
      "Approved AutoApproved: Auto approving self kubelet client certificate after SubjectAccessReview.",
    ])
    const certificate = new X509Certificate(atob((await find())!.status.certificate!))
    expect(certificate.subject).toBe("O=system:nodes\nCN=system:node:a")
    expect(
      certificate.verify(
        authority.certificate.publicKey
          ? new X509Certificate(authority.certificatePem).publicKey
          : (undefined as never),
      ),
    ).toBe(true)
    expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(86_400_000)
    expect(certificate.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"])
  })

  it("for another node's certificate wait for somebody to decide", async () => {
    await request(kubelet, "jane", [], { ...nodeSubject, commonName: "system:node:b" })
    // system:masters may do anything, so "nodeclient" is approved; without it nothing is.
    expect(await conditions()).toEqual([
      "Approved AutoApproved: Auto approving kubelet client certificate after SubjectAccessReview.",
    ])
  })

  it("of a kubelet for what its Node says and no other does are approved and signed", async () => {
    const serving = {
      signerName: "kubernetes.io/kubelet-serving",
      usages: ["server auth" as const, "digital signature" as const],
    }
    const node = (name: string, address: string) =>
      cluster.client.create(Node, {
        metadata: { name },
        status: { addresses: [{ type: "InternalIP", address }] },
      })
    await node("a", "192.0.2.1")
    await node("b", "192.0.2.2")
    const ask = async (user: string, names: AlternativeNames) => {
      await cluster.client.delete(CertificateSigningRequest, { name: "csr" }).catch(ignoreNotFound)
      await request(serving, user, ["system:nodes"], nodeSubject, names)
      return (await conditions())?.[0] ?? "waits"
    }
    const approved =
      "Approved AutoApproved: Auto approving kubelet serving certificate of the Node's addresses."
    expect(await ask("system:node:a", { dnsNames: ["a"], ipAddresses: ["192.0.2.1"] })).toBe(approved)
    expect((await find())!.status.certificate).toBeDefined()
    expect(await ask("system:node:a", { ipAddresses: ["192.0.2.2"] })).toBe("waits")
    expect(await ask("system:node:a", { dnsNames: ["a", "kubernetes.default.svc"] })).toBe("waits")
    expect(await ask("system:node:b", { ipAddresses: ["192.0.2.1"] })).toBe("waits")
  })

  it("that are not what they claim fail when they are approved", async () => {
    const serving = {
      signerName: "kubernetes.io/kubelet-serving",
      usages: ["server auth" as const, "digital signature" as const],
    }
    await request(serving, "system:node:a", ["system:nodes"], nodeSubject)
    expect(await conditions()).toBeUndefined()
    await approve()
    expect((await conditions())!.at(-1)).toBe(
      "Failed SignerValidationFailure: DNS or IP subjectAltName is required",
    )
    expect((await find())!.status.certificate).toBeUndefined()
  })

  it("of people are signed once somebody has approved them", async () => {
    const client = { signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth" as const] }
    await request(client, "jane", [], { commonName: "jane", organizations: ["devs"] })
    expect((await find())!.status.certificate).toBeUndefined()
    await approve()
    expect(cluster.errors).toEqual([])
    const certificate = new X509Certificate(atob((await find())!.status.certificate!))
    expect(certificate.subject).toBe("O=devs\nCN=jane")
  })

  it("are forgotten an hour after they are settled, a day after they were made", async () => {
    const client = { signerName: "kubernetes.io/kube-apiserver-client", usages: ["client auth" as const] }
    await request(client, "jane", [], { commonName: "jane", organizations: [] })
    await cluster.advance(23 * 3_600_000)
    expect(await find()).toBeDefined()
    await approve()
    await cluster.advance(59 * 60_000)
    expect(await find()).toBeDefined()
    await cluster.advance(2 * 60_000)
    expect(await find()).toBeUndefined()
  })
})
