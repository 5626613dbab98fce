import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { createHttpsTransport } from "../client/real/https-transport.ts"
import type { ApiServerSettings } from "./api-server-settings.ts"
import { issueAuthority, issueCertificate } from "./certificates/issue-certificate.ts"
import { type ControlPlane, startControlPlane } from "./control-plane.ts"
import { dataDirectory } from "./data-directory.ts"

/*
 * A control plane that leaves questions to others, each a server with TLS of its own: who somebody is (an issuer of tokens,
 * a webhook), and what they may do (a webhook). Everything is said in files, as the flags name them.
 */

const directory = mkdtempSync(join(tmpdir(), "coracle-outside-"))
const file = (name: string, content: string): string => {
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}
const asked: { path: string; body: { spec: Record<string, unknown> } }[] = []
let key: Awaited<ReturnType<typeof generateKeyPair>>
let outside: Server
let address: string
let authority: string
let plane: ControlPlane

beforeAll(async () => {
  key = await generateKeyPair("ES256")
  await startOutside()
  plane = await startControlPlane({
    directory: dataDirectory(join(directory, "data")),
    listen: { host: "127.0.0.1", port: 0 },
    loops: false,
    apiServer: settings(),
    clock: realClock,
    random: realRandom,
    log: silentLogger,
  })
})
afterAll(async () => {
  await plane.stop()
  outside.closeAllConnections()
  outside.close()
  rmSync(directory, { recursive: true })
})

async function startOutside(): Promise<void> {
  const made = issueAuthority("outside", Date.now(), realRandom)
  const pair = issueCertificate(
    {
      name: "outside",
      signedBy: "ca",
      subject: { commonName: "outside-server" },
      usages: ["server auth"],
      alternativeNames: { ipAddresses: ["127.0.0.1"] },
    },
    made,
    Date.now(),
    realRandom,
  )
  authority = made.certificatePem
  outside = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (request, response) => {
    void (async () => {
      const path = new URL(request.url!, "https://x").pathname
      const body = request.method === "POST" ? JSON.parse(await text(request)) : undefined
      if (body) asked.push({ path, body })
      response.setHeader("content-type", "application/json")
      response.end(JSON.stringify(await answerTo(path, body)))
    })()
  })
  await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve))
  address = `https://127.0.0.1:${(outside.address() as AddressInfo).port}`
}

async function answerTo(path: string, body: { spec: Record<string, never> }): Promise<object> {
  switch (path) {
    case "/issuer/.well-known/openid-configuration":
      return { issuer: `${address}/issuer`, jwks_uri: `${address}/issuer/keys` }
    case "/issuer/keys":
      return { keys: [{ ...(await exportJWK(key.publicKey)), kid: "k", alg: "ES256", use: "sig" }] }
    case "/whose":
      return {
        ...body,
        status: { authenticated: body.spec["token"] === "opaque", user: { username: "hook:jane" } },
      }
    default: {
      const { user, resourceAttributes } = body.spec as {
        user?: string
        resourceAttributes?: { name?: string }
      }
      const denied = resourceAttributes?.name === "forbidden"
      return {
        ...body,
        status: { allowed: !denied && user === "login:jane", denied, reason: "so says the hook" },
      }
    }
  }
}

function kubeconfig(name: string, path: string): string {
  const cluster = {
    server: `${address}${path}`,
    "certificate-authority-data": Buffer.from(authority).toString("base64"),
  }
  return file(
    name,
    JSON.stringify({
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user: { token: "from-the-api-server" } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
      "current-context": "x",
    }),
  )
}

function settings(): ApiServerSettings {
  const authentication = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    jwt: [
      {
        issuer: { url: `${address}/issuer`, audiences: ["us"], certificateAuthority: authority },
        claimMappings: {
          username: { expression: "'login:' + claims.sub" },
          groups: { claim: "roles", prefix: "" },
        },
      },
    ],
    anonymous: { enabled: true, conditions: [{ path: "/livez" }] },
  }
  const authorization = {
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthorizationConfiguration",
    authorizers: [
      {
        type: "Webhook",
        name: "outside",
        webhook: {
          timeout: "3s",
          subjectAccessReviewVersion: "v1",
          matchConditionSubjectAccessReviewVersion: "v1",
          failurePolicy: "Deny",
          connectionInfo: { type: "KubeConfigFile", kubeConfigFile: kubeconfig("authz", "/may") },
          matchConditions: [{ expression: "request.user.startsWith('login:')" }],
        },
      },
      { type: "Node", name: "node" },
      { type: "RBAC", name: "rbac" },
    ],
  }
  return {
    authentication: {
      configFile: file("authn.yaml", JSON.stringify(authentication)),
      tokenFile: file("tokens.csv", 'known,static:joe,7,"system:masters"\n'),
      webhook: { configFile: kubeconfig("tokens", "/whose"), version: "v1", cacheLifetimeMs: 1000 },
    },
    serviceAccounts: {
      issuers: ["https://tokens.example.com", "https://formerly.example.com"],
      audiences: ["cluster"],
      keysUrl: "https://tokens.example.com/keys",
    },
    authorization: { configFile: file("authz.yaml", JSON.stringify(authorization)) },
  }
}

async function call(path: string, token?: string, body?: object): Promise<unknown> {
  const certificateAuthority = plane.certificates.authority("ca").certificatePem
  const transport = createHttpsTransport({
    server: plane.address,
    certificateAuthority,
    ...(token && { token }),
  })
  try {
    return (await transport.request({ method: body ? "POST" : "GET", path, ...(body && { body }) })).body
  } catch (error) {
    return (error as Error).message
  } finally {
    transport.close()
  }
}

const whoami = async (token: string) => {
  const answer = await call("/apis/authentication.k8s.io/v1/selfsubjectreviews", token, {})
  return (answer as { status?: { userInfo: object } }).status?.userInfo ?? answer
}
const tokenFor = (sub: string, issuer = `${address}/issuer`) =>
  new SignJWT({ sub, roles: ["dev"], iss: issuer, aud: "us" })
    .setProtectedHeader({ alg: "ES256", kid: "k" })
    .setExpirationTime("1m")
    .sign(key.privateKey)

describe("who somebody is", () => {
  test("an issuer of tokens may say", async () => {
    expect(await whoami(await tokenFor("jane"))).toEqual({
      username: "login:jane",
      groups: ["dev", "system:authenticated"],
    })
    expect(await whoami(await tokenFor("jane", `${address}/other`))).toBe("Unauthorized")
  })

  test("a webhook, or a file, may say", async () => {
    expect(await whoami("opaque")).toMatchObject({ username: "hook:jane" })
    expect(asked.at(-1)).toMatchObject({ path: "/whose", body: { spec: { token: "opaque" } } })
    expect(await whoami("known")).toMatchObject({ username: "static:joe", uid: "7" })
    expect(await whoami("unknown")).toBe("Unauthorized")
  })

  test("nobody may be asked where anonymity is wanted, and nowhere else", async () => {
    expect(await call("/livez")).toBe("ok")
    expect(await call("/version")).toBe("Unauthorized")
  })
})

describe("what they may do", () => {
  test("a webhook may say, before the roles of the cluster", async () => {
    const jane = await tokenFor("jane")
    expect(await call("/api/v1/namespaces/default", jane)).toMatchObject({ metadata: { name: "default" } })
    expect(await call("/api/v1/namespaces/forbidden", jane)).toBe(
      'namespaces "forbidden" is forbidden: User "login:jane" cannot get resource "namespaces" in API group "" in the namespace "forbidden": so says the hook',
    )
  })

  test("it is not asked about those it has nothing to say about", async () => {
    const before = asked.length
    expect(await call("/api/v1/namespaces/default", "opaque")).toMatch(/is forbidden/)
    expect(await call("/api/v1/namespaces/default", "known")).toMatchObject({ metadata: { name: "default" } })
    expect(asked.slice(before).filter(({ path }) => path === "/may")).toEqual([])
  })
})

describe("tokens of the cluster's own accounts", () => {
  test("name the issuer and the audience that were asked for", async () => {
    await call("/api/v1/namespaces/default/serviceaccounts", "known", { metadata: { name: "robot" } })
    const path = "/api/v1/namespaces/default/serviceaccounts/robot/token"
    const issued = (await call(path, "known", { spec: {} })) as { status: { token: string } }
    const claims = decodeJwt(issued.status.token)
    expect(claims).toMatchObject({ iss: "https://tokens.example.com", aud: ["cluster"] })
    expect(await whoami(issued.status.token)).toMatchObject({
      username: "system:serviceaccount:default:robot",
    })
    expect(await call("/.well-known/openid-configuration", "known")).toMatchObject({
      issuer: "https://tokens.example.com",
      jwks_uri: "https://tokens.example.com/keys",
    })
  })
})
