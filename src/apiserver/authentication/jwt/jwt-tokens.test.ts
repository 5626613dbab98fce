import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose"
import { beforeAll, describe, expect, test } from "vitest"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import { decodeAuthenticationConfiguration, type JwtAuthenticator } from "../configuration.ts"
import { verifySignature } from "../real/verify-signature.ts"
import { JwtTokens } from "./jwt-tokens.ts"

const issuer = "https://login.example.com"
const clock = new SimulatedClock()
const seconds = () => Math.floor(clock.now() / 1000)
type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>
let key: KeyPair
let stranger: KeyPair
let fetched: string[]
beforeAll(async () => {
  key = await generateKeyPair("RS256")
  stranger = await generateKeyPair("RS256")
})

const configure = (rest: string, own: string[] = []) =>
  decodeAuthenticationConfiguration(
    `apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n${rest}`,
    "auth.yaml",
    own,
  )
const jwt = (mappings: string, rest = "", issuerRest = "audiences: [us]") =>
  configure(`jwt:\n- issuer: {url: "${issuer}", ${issuerRest}}\n  claimMappings: {${mappings}}\n${rest}`)
    .jwt![0]!

function tokensOf(configuration: JwtAuthenticator, keyId = "k1"): JwtTokens {
  fetched = []
  return new JwtTokens({
    configuration,
    verifySignature,
    ownAudiences: ["api"],
    clock,
    async fetch(url) {
      fetched.push(url)
      if (url.endsWith("openid-configuration")) return { issuer, jwks_uri: `${issuer}/keys` }
      return { keys: [{ ...(await exportJWK(key.publicKey)), kid: keyId, alg: "RS256", use: "sig" }] }
    },
  })
}

const sign = (claims: JWTPayload, by: KeyPair = key, header: object = {}) =>
  new SignJWT({ iss: issuer, aud: "us", exp: seconds() + 60, ...claims })
    .setProtectedHeader({ alg: "RS256", kid: "k1", ...header })
    .sign(by.privateKey)

const plain = 'username: {claim: sub, prefix: "login:"}'

async function who(configuration: JwtAuthenticator, claims: JWTPayload): Promise<unknown> {
  const tokens = tokensOf(configuration)
  return tokens.authenticateToken(await sign(claims), ["api"]).then(
    (found) => found?.user,
    (error: Error) => error.message,
  )
}

describe("a token of an issuer that is trusted", () => {
  test("tells who its bearer is", async () => {
    const configuration = jwt(`${plain}, groups: {claim: roles, prefix: "login:"}, uid: {claim: id}`)
    expect(await who(configuration, { sub: "jane", roles: ["dev", "ops"], id: "u1" })).toEqual({
      name: "login:jane",
      uid: "u1",
      groups: ["login:dev", "login:ops"],
      extra: {},
    })
    expect(await who(configuration, { sub: "jane", roles: "dev", id: "u1" })).toMatchObject({
      groups: ["login:dev"],
    })
  })

  test("is not ours when somebody else has issued it", async () => {
    expect(await who(jwt(plain), { iss: "https://other.example.com", sub: "jane" })).toBeUndefined()
    expect(fetched).toEqual([])
  })

  test.each<[string, JWTPayload, RegExp]>([
    ["for another audience", { aud: "them" }, /expected audience in \["us"\] got \["them"\]/],
    ["that has ended", { exp: 1 }, /token is expired/],
    ["that never ends", { exp: undefined }, /token is expired \(Token Expiry: none\)/],
    ["that is not good yet", { nbf: 4_000_000_000 }, /before the nbf/],
    ["without a name", { sub: undefined }, /parse username claims "sub": claim not present/],
    ["whose name is no text", { sub: 5 } as never, /cannot unmarshal number/],
  ])("%s is refused", async (_what, claims, message) => {
    expect(await who(jwt(plain), { sub: "jane", ...claims })).toMatch(message)
  })

  test("that a stranger has signed is refused, whatever its header says", async () => {
    const tokens = tokensOf(jwt(plain))
    const forged = await sign({ sub: "jane" }, stranger)
    await expect(tokens.authenticateToken(forged, ["api"])).rejects.toThrow(
      "failed to verify id token signature",
    )
    const [, payload] = forged.split(".")
    const none = Buffer.from('{"alg":"none"}').toString("base64url")
    await expect(tokens.authenticateToken(`${none}.${payload}.x`, ["api"])).rejects.toThrow(
      "failed to verify",
    )
    const secret = Buffer.from('{"alg":"HS256","kid":"k1"}').toString("base64url")
    await expect(tokens.authenticateToken(`${secret}.${payload}.x`, ["api"])).rejects.toThrow(
      "failed to verify",
    )
  })

  test("is only good for audiences of the API server", async () => {
    const tokens = tokensOf(jwt(plain))
    expect(await tokens.authenticateToken(await sign({ sub: "jane" }), ["vault"])).toBeUndefined()
  })

  test("of elliptic curves, and of RSA with padding that varies, is verified too", async () => {
    for (const alg of ["ES256", "ES384", "PS256"]) {
      const pair = await generateKeyPair(alg)
      const token = await sign({ sub: "jane" }, pair, { alg })
      const jwk = { ...(await exportJWK(pair.publicKey)), kid: "k1", alg, use: "sig" as const }
      expect(verifySignature(token, [jwk as never])).toBe(true)
      expect(verifySignature(`${token.slice(0, -4)}AAAA`, [jwk as never])).toBe(false)
    }
  })
})

test("keys are asked for once, and again for a key that is new, but not for every stranger", async () => {
  const tokens = tokensOf(jwt(plain))
  await tokens.authenticateToken(await sign({ sub: "jane" }), ["api"])
  await tokens.authenticateToken(await sign({ sub: "jane" }), ["api"])
  expect(fetched).toEqual([`${issuer}/.well-known/openid-configuration`, `${issuer}/keys`])
  const rotated = await sign({ sub: "jane" }, key, { kid: "k2" })
  const ask = () => tokens.authenticateToken(rotated, ["api"]).catch(() => {})
  await ask()
  await ask()
  expect(fetched).toHaveLength(2)
  await clock.advance(11_000)
  await ask()
  await ask()
  expect(fetched).toHaveLength(3)
})

describe("expressions", () => {
  test("say who it is", async () => {
    const configuration = jwt(`
    username: {expression: "claims.team + ':' + claims.sub"},
    groups: {expression: "claims.roles.filter(r, r != 'none')"},
    uid: {expression: "string(claims.number)"},
    extra: [{key: example.com/team, valueExpression: claims.team}, {key: example.com/none, valueExpression: "''"}]`)
    const claims = { team: "blue", sub: "jane", roles: ["dev", "none"], number: 7 }
    expect(await who(configuration, claims)).toEqual({
      name: "blue:jane",
      uid: "7",
      groups: ["dev"],
      extra: { "example.com/team": ["blue"] },
    })
  })

  test("refuse tokens and users", async () => {
    const configuration = jwt(
      plain,
      `  claimValidationRules:
  - {claim: tenant, requiredValue: acme}
  - {expression: "claims.exp - claims.nbf <= 86400", message: lives too long}
  userValidationRules:
  - {expression: "!user.username.startsWith('login:system:')", message: reserved}
`,
    )
    const good = { sub: "jane", tenant: "acme", nbf: seconds() }
    expect(await who(configuration, good)).toMatchObject({ name: "login:jane" })
    expect(await who(configuration, { ...good, tenant: "other" })).toBe(
      "oidc: required claim tenant value does not match. Got = other, want = acme",
    )
    expect(await who(configuration, { ...good, exp: seconds() + 100_000 })).toMatch(/failed: lives too long$/)
    expect(await who(configuration, { ...good, sub: "system:admin" })).toMatch(
      /^oidc: error evaluating user info validation rule: validation expression '.*' failed: reserved$/,
    )
  })
})

describe("a configuration", () => {
  const one = (issuerText: string, rest: string) => `jwt:\n- issuer: ${issuerText}\n  claimMappings: ${rest}`
  const good = `{url: "${issuer}", audiences: [us]}`
  test.each([
    [one("{audiences: [us]}", `{${plain}}`), /jwt\[0\].issuer.url: Required value/],
    [one('{url: "http://a", audiences: [us]}', `{${plain}}`), /URL scheme must be https/],
    [one(`{url: "https://own", audiences: [us]}`, `{${plain}}`), /must not overlap with disallowed issuers/],
    [one(`{url: "${issuer}", audiences: [a, b]}`, `{${plain}}`), /must be MatchAny for multiple audiences/],
    [one(good, "{}"), /claimMappings.username: Required value: claim or expression is required/],
    [one(good, "{username: {claim: sub}}"), /prefix is required when claim is set/],
    [one(good, "{username: {expression: claims.email}}"), /claims.email_verified must be used/],
    [one(good, "{username: {expression: 'claims.'}}"), /compilation failed/],
    [
      one(good, `{${plain}, extra: [{key: a.k8s.io/b, valueExpression: "'x'"}]}`),
      /are reserved for Kubernetes use/,
    ],
    ["anonymous: {enabled: false, conditions: [{path: /livez}]}", /enabled should be set to true/],
  ])("%s is refused", (text, message) => {
    expect(() => configure(text, ["https://own"])).toThrow(message)
  })
})
