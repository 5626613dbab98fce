import { describe, expect, it } from "vitest"
import { realRandom } from "../../base/real/random.ts"
import { signCertificate, type ExtendedKeyUsage } from "../../base/real/x509/certificate.ts"
import { generateKey, publicKeyInfo } from "../../base/real/x509/keys.ts"
import { encodePem } from "../../base/real/x509/pem.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { RequestAuthenticator } from "./authenticate-request.ts"
import { bootstrapTokens, type SecretData } from "./bootstrap-tokens.ts"
import { clientCertificates } from "./client-certificate.ts"
import { certificateVerifier } from "./real/certificate-verifier.ts"
import { requestHeaders } from "./request-headers.ts"
import { reviewToken } from "./reviews.ts"
import { parseTokenFile, staticTokens } from "./static-tokens.ts"

const clock = new SimulatedClock()
const now = clock.now()

function authority(commonName: string) {
  const key = generateKey()
  return { key, certificate: sign({ key }, commonName, { authority: true, publicKey: publicKeyInfo(key) }) }
}

interface Wanted {
  authority?: boolean
  publicKey?: Uint8Array
  organizations?: string[]
  uid?: string
  usage?: ExtendedKeyUsage
  notAfter?: number
}

function sign(issuer: Parameters<typeof signCertificate>[1], commonName: string, wanted: Wanted = {}) {
  return signCertificate(
    {
      subject: {
        commonName,
        organizations: wanted.organizations ?? [],
        ...(wanted.uid && { uid: wanted.uid }),
      },
      authority: wanted.authority ?? false,
      keyUsage: [wanted.authority ? "cert sign" : "digital signature"],
      ...(wanted.authority ? {} : { extendedKeyUsage: [wanted.usage ?? "client auth"] }),
      notBefore: now - 1000,
      notAfter: wanted.notAfter ?? now + 3600_000,
      serialNumber: realRandom.bytes(8),
      publicKey: wanted.publicKey ?? publicKeyInfo(generateKey()),
    },
    issuer,
  )
}

const ca = authority("kubernetes")
const frontProxy = authority("front-proxy-ca")
const secrets = new Map<string, SecretData>()
const own = ["https://api"]
const authenticator = new RequestAuthenticator({
  connection: [
    requestHeaders(
      certificateVerifier(encodePem("CERTIFICATE", frontProxy.certificate)),
      ["front-proxy-client"],
      clock,
    ),
    clientCertificates(certificateVerifier(encodePem("CERTIFICATE", ca.certificate)), clock),
  ],
  tokens: [
    staticTokens(parseTokenFile('secret,alice,u1,"dev,ops"\nother, bob , u2\n'), own),
    bootstrapTokens({ findSecret: (name) => secrets.get(name), ownAudiences: own, clock }),
  ],
  audiences: own,
})

const who = (
  headers: Record<string, string | string[]>,
  ...peerCertificates: Uint8Array[]
): Promise<unknown> =>
  authenticator.authenticate({ headers, peerCertificates }).then(
    ({ user }) => `${user.name} ${user.groups.join(",")}`,
    (error: Error) => `${error.message}: ${(error.cause as Error).message}`,
  )

describe("client certificates", () => {
  it("name the user and its groups", async () => {
    const certificate = sign(ca, "system:node:n1", { organizations: ["system:nodes", "b"], uid: "u-7" })
    const { user } = await authenticator.authenticate({ headers: {}, peerCertificates: [certificate] })
    expect(user.name).toBe("system:node:n1")
    expect(user.uid).toBe("u-7")
    expect(user.groups).toEqual(["system:nodes", "b", "system:authenticated"])
    expect(user.extra["authentication.kubernetes.io/credential-id"]![0]).toMatch(/^X509SHA256=[0-9a-f]{64}$/)
  })

  it("may be signed by an intermediate authority that comes along", async () => {
    const key = generateKey()
    const middle = sign(ca, "middle", { authority: true, publicKey: publicKeyInfo(key) })
    const leaf = sign({ certificate: middle, key }, "eve")
    expect(await who({}, leaf, middle)).toBe("eve system:authenticated")
    expect(await who({}, leaf)).toBe("Unauthorized: x509: certificate signed by unknown authority")
  })

  it("are refused from strangers, for other uses, when ended, and from those who may not sign", async () => {
    const stranger = authority("kubernetes")
    expect(await who({}, sign(stranger, "eve"))).toMatch(/unknown authority/)
    expect(await who({}, sign(ca, "eve", { usage: "server auth" }))).toMatch(/incompatible key usage/)
    expect(await who({}, sign(ca, "eve", { notAfter: now - 500 }))).toMatch(/expired/)
    const key = generateKey()
    const user = sign(ca, "mallory", { publicKey: publicKeyInfo(key) })
    expect(await who({}, sign({ certificate: user, key }, "admin"), user)).toMatch(/unknown authority/)
    expect(await who({}, Uint8Array.of(1, 2, 3))).toMatch(/cannot be read/)
  })
})

describe("the front proxy", () => {
  const headers = {
    "x-remote-user": "jane",
    "x-remote-uid": "u-1",
    "x-remote-group": ["a", "b,c"],
    "x-remote-extra-example.com%2fteam": "blue",
  }

  it("speaks for users", async () => {
    const peerCertificates = [sign(frontProxy, "front-proxy-client")]
    const { user } = await authenticator.authenticate({ headers, peerCertificates })
    expect(user).toEqual({
      name: "jane",
      uid: "u-1",
      groups: ["a", "b,c", "system:authenticated"],
      extra: { "example.com/team": ["blue"] },
    })
  })

  it("is nobody else", async () => {
    expect(await who(headers, sign(frontProxy, "somebody"))).toMatch(/unknown authority/)
    expect(await who(headers, sign(ca, "front-proxy-client"))).toBe("front-proxy-client system:authenticated")
    expect(await who(headers)).toBe("system:anonymous system:unauthenticated")
  })
})

describe("bearer tokens", () => {
  it("come in a header, or as a WebSocket subprotocol", async () => {
    expect(await who({ authorization: "Bearer secret" })).toBe("alice dev,ops,system:authenticated")
    expect(await who({ authorization: "bearer other" })).toBe("bob system:authenticated")
    const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from("secret").toString("base64url")}`
    const upgrade = { upgrade: "websocket" }
    expect(await who({ ...upgrade, "sec-websocket-protocol": `v5.channel.k8s.io, ${protocol}` })).toMatch(
      /^alice/,
    )
    expect(await who({ ...upgrade, "sec-websocket-protocol": protocol })).toMatch(
      /missing additional subprotocol/,
    )
  })

  it("that are wrong are not taken for none", async () => {
    expect(await who({ authorization: "Bearer wrong" })).toBe("Unauthorized: invalid bearer token")
    expect(await who({})).toBe("system:anonymous system:unauthenticated")
    expect(await who({ authorization: "Basic YTpi" })).toBe("system:anonymous system:unauthenticated")
  })

  it("do not save a bad certificate, and a good certificate outranks them", async () => {
    expect(await who({ authorization: "Bearer secret" }, sign(authority("x"), "eve"))).toMatch(/^alice/)
    expect(await who({ authorization: "Bearer wrong" }, sign(ca, "carol"))).toMatch(/^carol/)
  })
})

describe("bootstrap tokens", () => {
  const add = (data: Record<string, string>, type = "bootstrap.kubernetes.io/token") => {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, btoa(value)]))
    const metadata = { name: "bootstrap-token-abcdef", uid: "", resourceVersion: "", creationTimestamp: "" }
    secrets.set("bootstrap-token-abcdef", { apiVersion: "v1", kind: "Secret", metadata, type, data: encoded })
  }
  const good = {
    "token-id": "abcdef",
    "token-secret": "0123456789abcdef",
    "usage-bootstrap-authentication": "true",
    "auth-extra-groups": "system:bootstrappers:kubeadm:default-node-token",
    expiration: new Date(now + 60_000).toISOString(),
  }
  const ask = () => who({ authorization: "Bearer abcdef.0123456789abcdef" })

  it("let a new machine in", async () => {
    add(good)
    expect(await ask()).toBe(
      "system:bootstrap:abcdef system:bootstrappers,system:bootstrappers:kubeadm:default-node-token,system:authenticated",
    )
  })

  it.each<[string, Record<string, string>, string?]>([
    ["another secret", { ...good, "token-secret": "0123456789abcdee" }],
    ["an end", { ...good, expiration: new Date(now - 1).toISOString() }],
    ["a broken end", { ...good, expiration: "soon" }],
    ["another use", { ...good, "usage-bootstrap-authentication": "false" }],
    ["a group beyond its powers", { ...good, "auth-extra-groups": "system:masters" }],
    ["another type", good, "Opaque"],
  ])("are refused with %s", async (_why, data, type) => {
    add(data, type)
    expect(await ask()).toBe("Unauthorized: invalid bearer token")
  })
})

describe("TokenReview", () => {
  it("tells who a token belongs to, or why it is refused", async () => {
    expect(await reviewToken({ token: "secret" }, authenticator, own)).toEqual({
      authenticated: true,
      user: { username: "alice", uid: "u1", groups: ["dev", "ops", "system:authenticated"] },
      audiences: own,
    })
    expect(await reviewToken({ token: "wrong" }, authenticator, own)).toEqual({
      user: {},
      error: "invalid bearer token",
    })
    expect(await reviewToken({ token: "secret", audiences: ["vault"] }, authenticator, own)).toEqual({
      user: {},
      error: "invalid bearer token",
    })
    await expect(reviewToken({}, authenticator, own)).rejects.toThrow(
      "token is required for TokenReview in authentication",
    )
  })
})
