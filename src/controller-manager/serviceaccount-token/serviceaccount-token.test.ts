import { afterEach, beforeEach, expect, test } from "vitest"
import { Secret } from "../../api/core/v1/secret.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { createServiceAccountTokenController } from "./serviceaccount-token.ts"

let cluster: TestCluster
const key = (name: string) => ({ namespace: "default", name })
beforeEach(async () => {
  const sign = (claims: object) => JSON.stringify(claims)
  const controller = createServiceAccountTokenController({ sign, rootCertificateAuthority: "the authority" })
  cluster = await startTestCluster([controller])
  await cluster.client.create(ServiceAccount, { metadata: key("robot") })
})
afterEach(() => cluster.stop())

async function want(name: string, account: string): Promise<Secret | undefined> {
  const annotations = { "kubernetes.io/service-account.name": account }
  const type = "kubernetes.io/service-account-token"
  await cluster.client.create(Secret, { metadata: { ...key(name), annotations }, type })
  await cluster.advance(100)
  return cluster.client.get(Secret, key(name)).catch(() => undefined)
}

test("a Secret that asks for a token gets one, and all that a program needs beside it", async () => {
  const secret = await want("token", "robot")
  const account = await cluster.client.get(ServiceAccount, key("robot"))
  expect(secret!.metadata.annotations).toMatchObject({
    "kubernetes.io/service-account.uid": account.metadata.uid,
  })
  const data = Object.fromEntries(Object.entries(secret!.data!).map(([name, value]) => [name, atob(value)]))
  expect(data).toMatchObject({ "ca.crt": "the authority", namespace: "default" })
  expect(JSON.parse(data["token"]!)).toEqual({
    iss: "kubernetes/serviceaccount",
    sub: "system:serviceaccount:default:robot",
    "kubernetes.io/serviceaccount/namespace": "default",
    "kubernetes.io/serviceaccount/secret.name": "token",
    "kubernetes.io/serviceaccount/service-account.name": "robot",
    "kubernetes.io/serviceaccount/service-account.uid": account.metadata.uid,
  })
})

test("it goes with its account, and there is none for accounts that are not there", async () => {
  await want("token", "robot")
  expect(await want("stranger", "nobody")).toBeUndefined()
  await cluster.client.delete(ServiceAccount, key("robot"))
  await cluster.client.create(ServiceAccount, { metadata: key("robot") })
  await cluster.advance(100)
  await expect(cluster.client.get(Secret, key("token"))).rejects.toThrow("not found")
})
