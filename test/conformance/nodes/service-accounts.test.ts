import { expect } from "vitest"
import type { Json } from "../harness.ts"
import { execIn, idle, outputOf, podOf, shell, startPod } from "./pods.ts"
import { onRealNodes, scripting, useRealNodes } from "./real-nodes.ts"

useRealNodes()

const title = "[sig-auth] ServiceAccounts"
const mounted = "/var/run/secrets/kubernetes.io/serviceaccount"

onRealNodes(`${title} should mount an API token into pods [Conformance]`, async (world) => {
  await world.api.create(`/api/v1/namespaces/${world.namespace}/serviceaccounts`, {
    metadata: { name: "mount-test" },
  })
  await startPod(world, podOf("holder", [shell(idle)], { spec: { serviceAccountName: "mount-test" } }))
  const read = (file: string) => execIn(world, "holder", `cat ${mounted}/${file}`)
  const [token, namespace, authority] = await Promise.all([read("token"), read("namespace"), read("ca.crt")])
  expect(namespace).toBe(world.namespace)
  expect(authority).toContain("BEGIN CERTIFICATE")
  const review = await world.api.create("/apis/authentication.k8s.io/v1/tokenreviews", { spec: { token } })
  expect(review["status"]).toMatchObject({
    authenticated: true,
    user: { username: `system:serviceaccount:${world.namespace}:mount-test` },
  })
})

onRealNodes(`${title} should mount projected service account token [Conformance]`, async (world) => {
  const sources = [{ serviceAccountToken: { path: "token", expirationSeconds: 3600, audience: "vault" } }]
  const container = shell("cat /var/run/token/token", {
    volumeMounts: [{ name: "token", mountPath: "/var/run/token", readOnly: true }],
  })
  const volumes = [{ name: "token", projected: { sources } }]
  const token = await outputOf(world, podOf("holder", [container], { spec: { volumes } }))
  const claims = JSON.parse(Buffer.from(token.split(".")[1]!, "base64url").toString()) as Json
  expect(claims).toMatchObject({
    aud: ["vault"],
    sub: `system:serviceaccount:${world.namespace}:default`,
    "kubernetes.io": { pod: { name: "holder" } },
  })
})

onRealNodes(
  `${title} ServiceAccountIssuerDiscovery should support OIDC discovery of service account issuer [Conformance]`,
  async (world) => {
    const { namespace, api } = world
    const bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    const name = `${namespace}-discovery`
    await api.create(bindings, {
      metadata: { name },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "system:service-account-issuer-discovery",
      },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace }],
    })
    // Finds the issuer's keys as any OIDC client would, and checks the signature of its own token with them.
    const program = `
      const { readFileSync } = require("node:fs")
      const crypto = require("node:crypto")
      const read = (file) => readFileSync("${mounted}/" + file, "utf8")
      const token = read("token")
      const get = (url) => new Promise((resolve, reject) => require("node:https").get(url, { ca: read("ca.crt"), headers: { authorization: "Bearer " + token } }, (answer) => {
        let text = ""
        answer.on("data", (chunk) => (text += chunk)).on("end", () => resolve(JSON.parse(text)))
      }).on("error", reject))
      const part = (index) => JSON.parse(Buffer.from(token.split(".")[index], "base64url"))
      ;(async () => {
        const issuer = part(1).iss
        const configuration = await get("https://kubernetes.default.svc/.well-known/openid-configuration")
        const { pathname } = new URL(configuration.jwks_uri)
        const { keys } = await get("https://kubernetes.default.svc" + pathname)
        const jwk = keys.find(({ kid }) => kid === part(0).kid)
        const [header, claims, signature] = token.split(".")
        const key = { key: crypto.createPublicKey({ key: jwk, format: "jwk" }), ...(jwk.kty === "EC" && { dsaEncoding: "ieee-p1363" }) }
        const isValid = crypto.verify("sha256", Buffer.from(header + "." + claims), key, Buffer.from(signature, "base64url"))
        console.log(JSON.stringify({ sameIssuer: issuer === configuration.issuer, isValid }))
      })()`
    const output = await outputOf(
      world,
      podOf("validator", [{ name: "main", image: scripting, args: ["-e", program] }]),
    )
    await api.delete(`${bindings}/${name}`)
    expect(JSON.parse(output)).toEqual({ sameIssuer: true, isValid: true })
  },
)
