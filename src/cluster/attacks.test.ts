import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { connect as connectPlain } from "node:net"
import { connect, type ConnectionOptions } from "node:tls"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { Namespace } from "../api/core/v1/namespace.ts"
import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { Secret } from "../api/core/v1/secret.ts"
import { ServiceAccount } from "../api/core/v1/service-account.ts"
import { RoleBinding } from "../api/rbac/v1/role-binding.ts"
import type { Client } from "../client/client.ts"
import type { Transport } from "../client/transport.ts"
import { createClient } from "../client/create-client.ts"
import { createHttpsTransport, type HttpsTransport } from "../client/real/https-transport.ts"
import type { Logger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { type ControlPlane, startControlPlane } from "./control-plane.ts"
import { dataDirectory } from "./data-directory.ts"

/*
 * What somebody tries who has a foot in the door: the key of one node, the rights of one namespace, or nothing but a
 * connection. Everything goes over a real socket to a control plane as `coracle up` makes it.
 */

const root = mkdtempSync(join(tmpdir(), "coracle-attacks-"))
const lines: string[] = []
const log: Logger = {
  debug: (message, values) => void lines.push(`${message} ${JSON.stringify(values ?? {})}`),
  info: (message, values) => log.debug(message, values),
  warn: (message, values) => log.debug(message, values),
  error: (message, values) => log.debug(message, values),
  named: () => log,
}
const treasure = "the-treasure-itself"
const transports: HttpsTransport[] = []
let plane: ControlPlane
let admin: Caller
/** An administrator of the namespace "mine" and of nothing else. */
let tenant: Caller
let tenantToken: string
let stolen: Caller

beforeAll(async () => {
  plane = await startControlPlane({
    directory: dataDirectory(root),
    listen: { host: "127.0.0.1", port: 0 },
    loops: false,
    clock: realClock,
    random: realRandom,
    log,
  })
  admin = callerOver(plane.server.transportFor({ name: "admin", groups: ["system:masters"], extra: {} }))
  await prepare()
})
afterAll(async () => {
  for (const transport of transports) transport.close()
  await plane.stop()
  rmSync(root, { recursive: true, force: true })
})

async function prepare(): Promise<void> {
  for (const name of ["mine", "theirs"]) {
    await admin.create(Namespace, { metadata: { name } })
    await admin.create(ServiceAccount, { metadata: { namespace: name, name: "default" } })
    const data = { value: Buffer.from(treasure).toString("base64") }
    await admin.create(Secret, { metadata: { namespace: name, name: "treasure" }, data })
  }
  for (const [name, namespace] of [
    ["node-a", "mine"],
    ["node-b", "theirs"],
  ] as const) {
    await admin.create(Node, { metadata: { name } })
    const volumes = [{ name: "v", secret: { secretName: "treasure" } }]
    await admin.create(Pod, {
      metadata: { namespace, name: `on-${name}` },
      spec: { nodeName: name, containers: [{ name: "c", image: "i" }], volumes },
    })
  }
  await admin.create(RoleBinding, {
    metadata: { namespace: "mine", name: "tenant" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "admin" },
    subjects: [{ kind: "ServiceAccount", namespace: "mine", name: "default" }],
  })
  const token = await call(admin, "POST", "/api/v1/namespaces/mine/serviceaccounts/default/token", {
    spec: {},
  })
  tenantToken = (token as { status: { token: string } }).status.token
  tenant = clientWith({ token: tenantToken })
  const { certificatePem, keyPem } = plane.certificates.ensureNode("node-a", []).client
  stolen = clientWith({ clientCertificate: certificatePem, clientKey: keyPem })
}

function callerOver(transport: Transport): Caller {
  return { ...createClient(transport), transport }
}

function clientWith(credentials: object): Caller {
  const certificateAuthority = plane.certificates.authority("ca").certificatePem
  const transport = createHttpsTransport({ server: plane.address, certificateAuthority, ...credentials })
  transports.push(transport)
  return callerOver(transport)
}

async function call(client: Caller, method: "GET" | "POST" | "PUT" | "PATCH", path: string, body?: object) {
  return (await client.transport.request({ method, path, ...(body && { body }) })).body
}

/** With the road below it, for paths that the client has no word for. */
type Caller = Client & { readonly transport: Transport }

/** Sends bytes as they are and gives everything that comes back until the connection ends, or nothing more comes. */
function raw(text: string, options: ConnectionOptions = {}, quietMs = 500): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: plane.port, rejectUnauthorized: false, ...options })
    let answer = ""
    const end = () => {
      socket.destroy()
      resolve(answer)
    }
    socket.on("secureConnect", () => socket.write(text))
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1")
      socket.setTimeout(quietMs)
    })
    socket.setTimeout(20_000, end)
    socket.on("error", end)
    socket.on("close", end)
  })
}

const get = (path: string, ...headers: string[]) =>
  raw([`GET ${path} HTTP/1.1`, "Host: x", "Connection: close", ...headers, "", ""].join("\r\n"))
const asTenant = (path: string, ...headers: string[]) =>
  get(path, `Authorization: Bearer ${tenantToken}`, ...headers)
const encoded = Buffer.from(treasure).toString("base64")

describe("somebody with the key of one node", () => {
  const refused = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ code: 403 })
  const secrets = "/api/v1/namespaces"

  test("reads what its pods need, and nothing of other nodes", async () => {
    expect(await stolen.get(Secret, { namespace: "mine", name: "treasure" })).toMatchObject({
      data: { value: encoded },
    })
    await refused(stolen.get(Secret, { namespace: "theirs", name: "treasure" }))
    for (const path of ["/api/v1/secrets", `${secrets}/mine/secrets`, `${secrets}/theirs/secrets`])
      await refused(call(stolen, "GET", path))
    await refused(call(stolen, "GET", `${secrets}/kube-system/configmaps/extension-apiserver-authentication`))
  })

  test("cannot put a pod of its own beside the secret it wants", async () => {
    const pod = {
      metadata: { namespace: "theirs", name: "spy" },
      spec: {
        nodeName: "node-a",
        containers: [{ name: "c", image: "i" }],
        volumes: [{ name: "v", secret: { secretName: "treasure" } }],
      },
    }
    await refused(stolen.create(Pod, pod))
    const mirror = {
      ...pod,
      metadata: { ...pod.metadata, annotations: { "kubernetes.io/config.mirror": "x" } },
    }
    await refused(stolen.create(Pod, mirror))
    const binding = { metadata: { name: "on-node-b" }, target: { kind: "Node", name: "node-a" } }
    await refused(call(stolen, "POST", "/api/v1/namespaces/theirs/pods/on-node-b/binding", binding))
  })

  test("speaks for no other node, pod or account", async () => {
    const other = await admin.get(Node, { name: "node-b" })
    await refused(call(stolen, "PUT", "/api/v1/nodes/node-b", { ...other }))
    const status = await admin.get(Pod, { namespace: "theirs", name: "on-node-b" })
    await refused(call(stolen, "PUT", "/api/v1/namespaces/theirs/pods/on-node-b/status", { ...status }))
    const token = "/api/v1/namespaces/theirs/serviceaccounts/default/token"
    await refused(call(stolen, "POST", token, { spec: {} }))
    await refused(call(stolen, "GET", "/api/v1/nodes/node-b/proxy/metrics"))
  })

  test("gives itself no label that places pods", async () => {
    const own = await stolen.get(Node, { name: "node-a" })
    const labels = { ...own.metadata.labels, "node-restriction.kubernetes.io/vault": "yes" }
    await refused(stolen.update(Node, { ...own, metadata: { ...own.metadata, labels } }))
    await refused(
      stolen.update(Node, { ...own, spec: { ...own.spec, taints: [{ key: "a", effect: "NoSchedule" }] } }),
    )
  })
})

describe("the administrator of one namespace", () => {
  const rbac = "/apis/rbac.authorization.k8s.io/v1"
  const refused = (work: Promise<unknown>) => expect(work).rejects.toMatchObject({ code: 403 })
  const binding = (role: string) => ({
    metadata: { name: "more" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ kind: "ServiceAccount", namespace: "mine", name: "default" }],
  })
  const role = (rule: object) => ({ metadata: { name: "more" }, rules: [rule] })

  test("rules its own house", async () => {
    expect((await tenant.get(Secret, { namespace: "mine", name: "treasure" })).data).toEqual({
      value: encoded,
    })
    await call(tenant, "POST", `${rbac}/namespaces/mine/rolebindings`, binding("view"))
  })

  test("gives nobody what it has not got itself", async () => {
    await refused(call(tenant, "POST", `${rbac}/clusterrolebindings`, binding("cluster-admin")))
    await refused(call(tenant, "POST", `${rbac}/clusterroles`, role({})))
    for (const name of ["cluster-admin", "system:node", "system:controller:job-controller"])
      await refused(call(tenant, "POST", `${rbac}/namespaces/mine/rolebindings`, binding(name)))
    for (const rule of [
      { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
      { apiGroups: [""], resources: ["nodes"], verbs: ["get"] },
      { apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"], verbs: ["escalate"] },
      { apiGroups: [""], resources: ["users"], verbs: ["impersonate"] },
    ])
      await refused(call(tenant, "POST", `${rbac}/namespaces/mine/roles`, role(rule)))
  })

  test("is nobody next door, nor by any other name", async () => {
    await refused(tenant.get(Secret, { namespace: "theirs", name: "treasure" }))
    await refused(call(tenant, "GET", "/api/v1/secrets"))
    for (const headers of [
      ["Impersonate-User: admin"],
      ["Impersonate-User: system:serviceaccount:kube-system:default", "Impersonate-Group: system:masters"],
      ["Impersonate-User: a", "Impersonate-Extra-__proto__: b"],
    ])
      expect(await asTenant("/api/v1/secrets", ...headers)).toMatch(/^HTTP\/1.1 403 /)
    expect(await asTenant("/api/v1/secrets", "Impersonate-Group: system:masters")).toMatch(/^HTTP\/1.1 400 /)
  })
})

describe("paths that pretend to be others", () => {
  test.each([
    "/api/v1/namespaces/mine/../theirs/secrets/treasure",
    "/api/v1/namespaces/mine/%2e%2e/theirs/secrets/treasure",
    "/api/v1/namespaces/mine%2f..%2ftheirs/secrets/treasure",
    "/api/v1/namespaces/mine/secrets/..%2f..%2ftheirs%2fsecrets%2ftreasure",
    "/api/v1/namespaces/mine/secrets/../../theirs/secrets/treasure",
    "//api/v1/namespaces/theirs/secrets/treasure",
    "/api//v1//namespaces//theirs//secrets//treasure",
    "/./api/v1/namespaces/theirs/secrets/treasure",
    "/api/v1/namespaces/theirs/s%65crets/treasure",
    "/api/v1/namespaces/the%69rs/secrets/treasure",
    "/api/v1/watch/namespaces/theirs/secrets/treasure",
    "/api/v1/namespaces/theirs/secrets/treasure/",
    "/api/v1/namespaces/theirs/secrets/treasure;x",
    "/api/v1/namespaces/theirs/secrets/treasure%00",
    "/api/v1/secrets?fieldSelector=metadata.name=treasure&namespace=mine",
    "/api/v1/secrets?fieldSelector=metadata.namespace%3Dmine",
    "https://x/api/v1/namespaces/theirs/secrets/treasure",
    "/openapi/../api/v1/secrets",
    "/healthz/../api/v1/secrets",
    "/version/..//api/v1/secrets",
    "/api/v1/namespaces/theirs/secrets/treasure?watch=1",
    "/API/v1/namespaces/theirs/secrets/treasure",
  ])("%s", async (path) => {
    const answer = await asTenant(path)
    expect(answer).toMatch(/^HTTP\/1.1 (30\d|40[0134])/)
    expect(answer).not.toContain(encoded)
  })
})

describe("headers that pretend", () => {
  test.each<[string, string[]]>([
    ["to come through the front proxy", ["X-Remote-User: admin", "X-Remote-Group: system:masters"]],
    [
      "the same in other letters",
      ["x_remote_user: admin", "X-REMOTE-USER: admin", "X-REMOTE-GROUP: system:masters"],
    ],
    [
      "to be somebody else, without being anybody",
      ["Impersonate-User: admin", "Impersonate-Group: system:masters"],
    ],
    ["to have a token", ["Authorization: Bearer x, Bearer y"]],
    ["to have another scheme", ["Authorization: Basic YWRtaW46YWRtaW4="]],
    ["to come from here", ["X-Forwarded-For: 127.0.0.1", "X-Forwarded-User: admin", "X-Real-Ip: 127.0.0.1"]],
    ["to be another method", ["X-HTTP-Method-Override: GET"]],
  ])("%s", async (_what, headers) => {
    const answer = await get("/api/v1/namespaces/theirs/secrets/treasure", ...headers)
    expect(answer).toMatch(/^HTTP\/1.1 40[13] /)
    expect(answer).not.toContain(encoded)
  })

  test("the first of two tokens counts, not the better one", async () => {
    const second = `Authorization: Bearer ${tenantToken}`
    expect(await get("/api/v1/namespaces/mine/secrets/treasure", "Authorization: Bearer x", second)).toMatch(
      /^HTTP\/1.1 40[01] /,
    )
  })
})

describe("requests hidden in others", () => {
  const hidden = `GET /api/v1/namespaces/mine/secrets/treasure HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer TOKEN\r\n\r\n`
  const smuggled = () => hidden.replace("TOKEN", tenantToken)
  test.each<[string, (inner: string) => string]>([
    [
      "behind a length and chunks",
      (inner) => `Content-Length: ${inner.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    ],
    ["behind two lengths", (inner) => `Content-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`],
    ["behind a length that is none", (inner) => `Content-Length: +0\r\n\r\n${inner}`],
    ["behind an odd encoding", (inner) => `Transfer-Encoding: xchunked\r\n\r\n${inner}`],
    ["behind chunks in disguise", (inner) => `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${inner}`],
    ["behind a folded header", (inner) => `X: a\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
    ["behind a bare line feed", (inner) => `X: a\nContent-Length: ${inner.length}\r\n\r\n${inner}`],
  ])("%s", async (_what, head) => {
    const outer = `POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`
    const answer = await raw(outer + head(smuggled()))
    expect(answer).not.toContain(encoded)
    expect(answer.match(/^HTTP\/1.1 /gm)?.length ?? 0).toBeLessThanOrEqual(1)
  })
})

describe("too much", () => {
  test("of a body is not read", async () => {
    const answer = await raw(
      `POST /api/v1/namespaces/mine/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${tenantToken}\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n{`,
    )
    expect(answer).toMatch(/^HTTP\/1.1 413 /)
  })

  test("of a header, or of a path, ends the conversation", async () => {
    expect(await get("/version", `X: ${"a".repeat(1_200_000)}`)).toMatch(/^(HTTP\/1.1 431 |$)/)
    expect(await get(`/api/v1/namespaces/${"a".repeat(1_200_000)}`)).toMatch(/^(HTTP\/1.1 4(14|31) |$)/)
  })

  test("of fields in a query or of selectors is an answer like any other", async () => {
    const selector = Array.from({ length: 1500 }, (_, index) => `a${index}`).join()
    expect(await asTenant(`/api/v1/namespaces/mine/secrets?labelSelector=${selector}`)).toMatch(
      /^HTTP\/1.1 (200|40\d|431) /,
    )
  })
})

describe("a stranger", () => {
  test("learns that there is a server, and its version", async () => {
    expect(await get("/version")).toMatch(/^HTTP\/1.1 200 /)
    expect(await get("/readyz")).toMatch(/^HTTP\/1.1 200 /)
    for (const path of [
      "/",
      "/api",
      "/apis",
      "/openapi/v2",
      "/metrics",
      "/api/v1/namespaces",
      "/logs/",
      "/debug/pprof/",
    ])
      expect(await get(path), path).toMatch(/^HTTP\/1.1 403 /)
    const body = '{"metadata":{"name":"x"}}'
    const post = `POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    expect(await raw(post)).toMatch(/^HTTP\/1.1 403 /)
  })

  test("must speak TLS, and not an old one", async () => {
    const hello = "GET /version HTTP/1.1\r\nHost: x\r\n\r\n"
    expect(await raw(hello, { minVersion: "TLSv1", maxVersion: "TLSv1.1" })).toBe("")
    // Without forward secrecy, or without a tag over what is encrypted.
    for (const ciphers of ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384"])
      expect(await raw(hello, { maxVersion: "TLSv1.2", ciphers }), ciphers).toBe("")
    expect(await raw(hello, { maxVersion: "TLSv1.2" })).toMatch(/^HTTP\/1.1 200 /)
    const plain = await new Promise<string>((resolve) => {
      let answer = ""
      const socket = connectPlain(plane.port, "127.0.0.1", () =>
        socket.write("GET /version HTTP/1.1\r\n\r\n"),
      )
      socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")))
      socket.on("error", () => resolve(answer))
      socket.on("close", () => resolve(answer))
    })
    expect(plain).not.toContain("gitVersion")
  })

  test("is not led elsewhere by a redirect", async () => {
    for (const path of ["//evil.example.com/..", "/api/v1/namespaces/..%2f..%2f//evil.example.com"]) {
      const location = /^location: (.*)$/im.exec(await asTenant(path))?.[1] ?? "/"
      expect(location).toMatch(/^\/(?!\/)/)
    }
  })
})

test("nobody gets to the server's own machine through a proxy", async () => {
  const pod = await admin.get(Pod, { namespace: "mine", name: "on-node-a" })
  for (const podIP of ["127.0.0.1", "169.254.169.254", "0.0.0.0", "::1"]) {
    const status = { ...pod.status, podIP, podIPs: [{ ip: podIP }], phase: "Running" }
    await admin.updateStatus(Pod, {
      ...(await admin.get(Pod, { namespace: "mine", name: "on-node-a" })),
      status,
    } as Pod)
    const answer = await asTenant(`/api/v1/namespaces/mine/pods/https:on-node-a:${plane.port}/proxy/version`)
    expect(answer, podIP).toMatch(/^HTTP\/1.1 (4|5)\d\d /)
    expect(answer, podIP).not.toContain("gitVersion")
  }
})

test("what is secret on disk is for its owner alone", () => {
  const walk = (directory: string): string[] =>
    readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
      const path = join(directory, entry.name)
      return entry.isDirectory() ? walk(path) : [path]
    })
  for (const path of walk(root)) {
    const content = readFileSync(path, "latin1")
    if (!/PRIVATE KEY|client-key-data/.test(content) && !content.includes(encoded)) continue
    const isClosed = (lstatSync(path).mode & 0o077) === 0 || (lstatSync(join(path, "..")).mode & 0o077) === 0
    expect(isClosed, path).toBe(true)
  }
})

test("the log knows no secrets", async () => {
  await get("/api", `Authorization: Bearer ${tenantToken}x`)
  await asTenant(`/api/v1/namespaces/mine/pods?token=${tenantToken}`)
  const text = lines.join("\n")
  for (const secret of [tenantToken, encoded, treasure, "PRIVATE KEY"]) expect(text).not.toContain(secret)
})
