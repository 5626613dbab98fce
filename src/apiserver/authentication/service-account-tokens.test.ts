import { generateKeyPairSync } from "node:crypto"
import { createLocalJWKSet, jwtVerify } from "jose"
import { beforeEach, describe, expect, it } from "vitest"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { generateKey, privateKeyPem } from "../../base/real/x509/keys.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { issuerDocuments } from "./issuer-discovery.ts"
import { tokenKeys } from "./real/token-keys.ts"
import { ServiceAccountTokens } from "./service-account-tokens.ts"
import type { TokenClaims } from "./token-claims.ts"
import { issueToken, type TokenRequest, type TokenRequestSpec } from "./token-request.ts"

const issuer = "https://kubernetes.default.svc.cluster.local"
const keys = tokenKeys(privateKeyPem(generateKey()))
const clock = new SimulatedClock()
let objects: Map<string, KubeObject>

function add(kind: string, namespace: string, name: string, more: object = {}): void {
  const metadata = { name, namespace, uid: `uid-${name}`, resourceVersion: "1", creationTimestamp: "" }
  objects.set(`${kind}/${namespace}/${name}`, { apiVersion: "v1", kind, metadata, ...more })
}

const findBound = (kind: string, namespace: string, name: string) =>
  objects.get(`${kind}/${namespace}/${name}`)
const tokens = new ServiceAccountTokens({ issuers: [issuer], audiences: [issuer], keys, findBound, clock })

beforeEach(() => {
  objects = new Map()
  add("ServiceAccount", "default", "builder")
  add("Node", "", "n1")
  add("Pod", "default", "web", { spec: { serviceAccountName: "builder", nodeName: "n1" } })
  add("Secret", "default", "s")
})

const warnings: string[] = []
function request(
  spec: TokenRequestSpec,
  metadata: TokenRequest["metadata"] = {},
  name = "builder",
): Promise<TokenRequest> {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", metadata, spec }
  return issueToken(
    {
      namespace: "default",
      name,
      request: body,
      warn: (text) => warnings.push(text),
      admit: async () => {},
    },
    {
      issuer,
      audiences: [issuer],
      keys,
      findBound,
      clock,
      random: new SeededRandom("t"),
      maxExpirationSeconds: 1e6,
    },
  )
}

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as TokenClaims
const boundTo = (kind: string, name: string, uid?: string) => ({
  boundObjectRef: { kind, apiVersion: "v1", name, ...(uid && { uid }) },
})

describe("a token", () => {
  it("says who its ServiceAccount is, and where its pod runs", async () => {
    const { status, spec } = await request({ expirationSeconds: 3607, ...boundTo("Pod", "web") })
    expect(spec.expirationSeconds).toBe(3607)
    expect(Date.parse(status.expirationTimestamp!) - clock.now()).toBe(3607_000)
    const found = await tokens.authenticateToken(status.token, [issuer])
    expect(found).toEqual({
      audiences: [issuer],
      user: {
        name: "system:serviceaccount:default:builder",
        uid: "uid-builder",
        groups: ["system:serviceaccounts", "system:serviceaccounts:default"],
        extra: {
          "authentication.kubernetes.io/credential-id": [`JTI=${claimsOf(status.token).jti}`],
          "authentication.kubernetes.io/node-name": ["n1"],
          "authentication.kubernetes.io/node-uid": ["uid-n1"],
          "authentication.kubernetes.io/pod-name": ["web"],
          "authentication.kubernetes.io/pod-uid": ["uid-web"],
        },
      },
    })
    const { exp, iat, "kubernetes.io": claims } = claimsOf(status.token)
    expect(exp! - iat!, "lives for a year").toBe(365 * 24 * 3600)
    expect(claims!.warnafter! - iat!, "is stale after an hour").toBe(3607)
  })

  it("is understood by another library through the published keys", async () => {
    const { status } = await request({ audiences: ["vault"] })
    const [discovery, keySet] = issuerDocuments(issuer, keys, "10.0.0.1:6443")
    expect(discovery!.body).toMatchObject({
      jwks_uri: "https://10.0.0.1:6443/openid/v1/jwks",
      id_token_signing_alg_values_supported: ["ES256"],
    })
    const set = createLocalJWKSet(keySet!.body as Parameters<typeof createLocalJWKSet>[0])
    const { payload } = await jwtVerify(status.token, set, {
      issuer,
      audience: "vault",
      currentDate: new Date(clock.now()),
    })
    expect(payload.sub).toBe("system:serviceaccount:default:builder")
  })

  it("may be signed by RSA, and outlives a change of keys", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
    const old = tokenKeys(privateKey.export({ type: "pkcs1", format: "pem" }) as string)
    const { status } = await request({})
    const token = old.sign(claimsOf(status.token))
    expect(() => keys.verify(token)).toThrow("invalid signature, no keys found")
    const both = tokenKeys(privateKeyPem(generateKey()), [
      publicKey.export({ type: "spki", format: "pem" }) as string,
    ])
    expect(both.verify(token).iss).toBe(issuer)
    expect(both.publicKeys.map(({ alg }) => alg)).toEqual(["ES256", "RS256"])
  })
})

describe("a token is refused", () => {
  const refusal = async (token: string, audiences = [issuer]) =>
    tokens.authenticateToken(token, audiences).then(
      (found) => (found ? "accepted" : "not ours"),
      (error: Error) => error.message,
    )

  it("when it is changed, of another issuer, or no token", async () => {
    const { token } = (await request({})).status
    const [header, payload, signature] = token.split(".") as [string, string, string]
    const forged = Buffer.from(JSON.stringify({ ...claimsOf(token), sub: "admin" })).toString("base64url")
    expect(await refusal(`${header}.${forged}.${signature}`)).toMatch(/cryptographic/)
    const none = Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url")
    expect(await refusal(`${none}.${payload}.${signature}`)).toMatch(/cryptographic/)
    expect(await refusal(`${header}.${payload}.`)).toBe("not ours")
    expect(await refusal(keys.sign({ iss: "https://other", sub: "x" }))).toBe("not ours")
    expect(await refusal("abcdef.0123456789abcdef")).toBe("not ours")
  })

  it("by an audience it is not for", async () => {
    const { token } = (await request({ audiences: ["vault"] })).status
    expect(await refusal(token)).toBe(
      `token audiences ["vault"] is invalid for the target audiences ["${issuer}"]`,
    )
    expect(await refusal(token, ["x", "vault"])).toBe("accepted")
  })

  it("when its time has passed, also when it was known before", async () => {
    const { token } = (await request({ expirationSeconds: 600 })).status
    expect(await refusal(token)).toBe("accepted")
    await clock.advance(661_000)
    expect(await refusal(token)).toBe("service account token has expired")
    clock.jump(-3600_000)
    expect(await refusal(token)).toBe("service account token is not valid yet")
    clock.jump(3600_000)
  })

  it.each([
    ["Pod", "web", "pod UID (other) does not match service account pod ref claim (uid-web)"],
    ["Secret", "s", "secret UID (other) does not match service account secret ref claim (uid-s)"],
    ["Node", "n1", "node UID (other) does not match service account node ref claim (uid-n1)"],
  ])("when its %s is gone or another", async (kind, name, mismatch) => {
    const { token } = (await request(boundTo(kind, name))).status
    expect(await refusal(token)).toBe("accepted")
    const key = `${kind}/${kind === "Node" ? "" : "default"}/${name}`
    const bound = objects.get(key)!
    objects.delete(key)
    expect(await refusal(token)).toBe("service account token has been invalidated")
    objects.set(key, { ...bound, metadata: { ...bound.metadata, uid: "other" } })
    expect(await refusal(token)).toBe(mismatch)
    const deletionTimestamp = new Date(clock.now() - 61_000).toISOString()
    objects.set(key, { ...bound, metadata: { ...bound.metadata, deletionTimestamp } })
    expect(await refusal(token)).toBe("service account token has been invalidated")
  })

  it("when its ServiceAccount is another one of that name", async () => {
    const { token } = (await request({})).status
    const account = objects.get("ServiceAccount/default/builder")!
    objects.set("ServiceAccount/default/builder", {
      ...account,
      metadata: { ...account.metadata, uid: "new" },
    })
    expect(await refusal(token)).toBe("service account UID (new) does not match claim (uid-builder)")
    objects.delete("ServiceAccount/default/builder")
    expect(await refusal(token)).toBe('serviceaccounts "builder" not found')
  })
})

describe("a request for a token", () => {
  const refusal = (...parameters: Parameters<typeof request>) =>
    request(...parameters).then(
      () => "granted",
      (error: Error) => error.message,
    )

  it.each<[string, Parameters<typeof request>]>([
    [
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
      [{ expirationSeconds: 599 }],
    ],
    [
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
      [{ expirationSeconds: 2 ** 32 + 1 }],
    ],
    ['pods "gone" not found', [boundTo("Pod", "gone")]],
    ['serviceaccounts "gone" not found', [{}, {}, "gone"]],
    [
      "cannot bind token to object of type apps/v1, Kind=Deployment",
      [{ boundObjectRef: { kind: "Deployment", apiVersion: "apps/v1", name: "d" } }],
    ],
    [
      'Operation cannot be fulfilled on Pod "web": the UID in the bound object reference (x) does not match the UID in record. The object might have been deleted and then recreated',
      [boundTo("Pod", "web", "x")],
    ],
    [
      'TokenRequest.authentication.k8s.io "builder" is invalid: metadata.name: Invalid value: "other": must match the service account name if specified',
      [{}, { name: "other" }],
    ],
  ])("is refused with %s", async (message, parameters) => {
    expect(await refusal(...parameters)).toBe(message)
  })

  it("is refused for another account's pod", async () => {
    add("Pod", "default", "other", { spec: { serviceAccountName: "default" } })
    expect(await refusal(boundTo("Pod", "other"))).toBe(
      'cannot bind token for serviceaccount "builder" to pod running with different serviceaccount name.',
    )
  })

  it("is cut to the longest life that is allowed", async () => {
    const { spec } = await request({ expirationSeconds: 2e6 })
    expect(spec.expirationSeconds).toBe(1e6)
    expect(warnings).toContain("requested expiration of 2000000 seconds shortened to 1000000 seconds")
  })
})
