import { afterEach, describe, expect, test } from "vitest"
import { builtInResources } from "../../api/index.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { silentLogger } from "../../base/log.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { createMemoryStore } from "../../etcd/memory/memory-store.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import { decodeEncryptionConfiguration } from "./configuration.ts"
import { EncryptingStore } from "./encrypting-store.ts"
import { createCipher } from "./real/ciphers.ts"
import { resourceOfKey } from "./resource-of-key.ts"
import { createTransformers, decrypt, encrypt } from "./transformers.ts"

const secretOf = (letter: string) => Buffer.from(letter.repeat(32)).toString("base64")
const keys = (...names: string[]) =>
  `{keys: [${names.map((name) => `{name: ${name}, secret: ${secretOf(name[0]!)}}`).join()}]}`
const decode = (resources: string) =>
  decodeEncryptionConfiguration(
    `apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n${resources}`,
    "keys.yaml",
  )
const transformers = (resources: string) => createTransformers(decode(resources), createCipher)
const secretsWith = (providers: string) => transformers(`- {resources: [secrets], providers: [${providers}]}`)

const bytes = (text: string) => new TextEncoder().encode(text)
const textOf = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString("latin1")
const storeKey = "/registry/secrets/default/a"

describe("a configuration", () => {
  test.each([
    ["- {resources: [secrets]}", /at least one resources\[0\].providers is required/],
    ["- {resources: [], providers: [{identity: {}}]}", /at least one resources\[0\].resources is required/],
    ["- {resources: [Secrets], providers: [{identity: {}}]}", /should not contain capital letters/],
    ["- {resources: ['*'], providers: [{identity: {}}]}", /use '\*.' to encrypt all the resources from core/],
    ["- {resources: [secrets, '*.'], providers: [{identity: {}}]}", /using overlapping resources/],
    ["- {resources: [a, a], providers: [{identity: {}}]}", /the same resource cannot be specified multiple/],
    ["- {resources: [a], providers: [{}]}", /provider does not contain any of the expected providers/],
    [`- {resources: [a], providers: [{identity: {}, aesgcm: ${keys("a")}}]}`, /more than one provider/],
    [
      "- {resources: [a], providers: [{aesgcm: {keys: [{name: k, secret: '%%'}]}}]}",
      /secrets must be base64 encoded/,
    ],
    [
      "- {resources: [a], providers: [{secretbox: {keys: [{name: k, secret: c2VjcmV0}]}}]}",
      /Invalid value: "REDACTED": secret is not of the expected length, got 6, expected one of \[32\]/,
    ],
    ["- {resources: [a], providers: [{kms: {name: k, apiVersion: v2}}]}", /kms is not supported/],
  ])("%s is refused", (resources, message) => {
    expect(() => transformers(resources)).toThrow(message)
  })

  test("names what it is for, exactly or by group", () => {
    const find = transformers(`
- {resources: [secrets], providers: [{aesgcm: ${keys("a")}}]}
- {resources: ["*."], providers: [{secretbox: ${keys("b")}}]}
- {resources: ["*.apps"], providers: [{aescbc: ${keys("c")}}]}
- {resources: ["*.*"], providers: [{aesgcm: ${keys("d")}}]}
`)
    const first = (group: string, resource: string) => textOf(find(group, resource)[0]!.prefix)
    expect(first("", "secrets")).toBe("k8s:enc:aesgcm:v1:a:")
    expect(first("", "pods")).toBe("k8s:enc:secretbox:v1:b:")
    expect(first("apps", "deployments")).toBe("k8s:enc:aescbc:v1:c:")
    expect(first("example.com", "widgets")).toBe("k8s:enc:aesgcm:v1:d:")
  })
})

test.each(["aesgcm", "aescbc", "secretbox"])("%s gives back what was put in, and nothing else", (name) => {
  const find = secretsWith(`{${name}: ${keys("a")}}`)("", "secrets")
  const value = bytes('{"kind":"Secret","data":{"password":"hunter2"}}')
  const sealed = encrypt(find, value, storeKey)
  expect(textOf(sealed)).toMatch(new RegExp(`^k8s:enc:${name}:v1:a:`))
  expect(textOf(sealed)).not.toContain("hunter2")
  expect(encrypt(find, value, storeKey)).not.toEqual(sealed)
  expect(textOf(decrypt(find, sealed, storeKey)?.value)).toBe(textOf(value))
  expect(decrypt(secretsWith(`{${name}: ${keys("b")}}`)("", "secrets"), sealed, storeKey)).toBeUndefined()
  expect(decrypt(secretsWith("{identity: {}}")("", "secrets"), sealed, storeKey)).toBeUndefined()
  if (name === "aescbc") return
  const damaged = sealed.slice()
  damaged[damaged.length - 1]! ^= 1
  expect(decrypt(find, damaged, storeKey)).toBeUndefined()
})

test("a value that was moved to another place in the store is not taken for good", () => {
  const find = secretsWith(`{aesgcm: ${keys("a")}}`)("", "secrets")
  expect(decrypt(find, encrypt(find, bytes("{}"), storeKey), `${storeKey}b`)).toBeUndefined()
})

describe("a server over an encrypted store", () => {
  const inner = createMemoryStore({ clock: new SimulatedClock() })
  let server: TestServer
  afterEach(() => server.stop())

  async function start(providers: string): Promise<EncryptingStore> {
    const store = new EncryptingStore(inner, {
      find: secretsWith(providers),
      resourceOf: resourceOfKey(builtInResources),
      log: silentLogger,
    })
    server = await startTestServer({ store })
    return store
  }
  const raw = async (key: string) => textOf((await inner.range({ key })).kvs[0]?.value)
  const place = (name: string) => ({ namespace: "default", name })

  test("keeps no secret in the clear, and finds it again", async () => {
    await start(`{aesgcm: ${keys("old")}}, {identity: {}}`)
    const data = { password: btoa("hunter2") }
    await server.client.create(Secret, { metadata: place("a"), data })
    await server.client.create(ConfigMap, { metadata: place("plain"), data: { k: "in the clear" } })
    expect(await raw(storeKey)).toMatch(/^k8s:enc:aesgcm:v1:old:/)
    expect(await raw(storeKey)).not.toContain(data.password)
    expect(await raw("/registry/configmaps/default/plain")).toContain("in the clear")
    await server.stop()
    await start(`{aesgcm: ${keys("old")}}`)
    expect((await server.client.get(Secret, place("a"))).data).toEqual(data)
    const { items } = await server.client.list(Secret)
    expect(items).toHaveLength(1)
  })

  test("writes what is written again with the first key, though nothing differs", async () => {
    const store = await start(`{aesgcm: ${keys("old")}}`)
    store.use(secretsWith(`{secretbox: ${keys("new")}}, {aesgcm: ${keys("old")}}`))
    const before = await server.client.get(Secret, place("a"))
    const after = await server.client.update(Secret, { ...before })
    expect(await raw(storeKey)).toMatch(/^k8s:enc:secretbox:v1:new:/)
    expect(after.metadata.resourceVersion).not.toBe(before.metadata.resourceVersion)
    const again = await server.client.update(Secret, { ...after })
    expect(again.metadata.resourceVersion).toBe(after.metadata.resourceVersion)
  })

  test("answers for everything but what it has no key for", async () => {
    await start(`{aesgcm: ${keys("other")}}`)
    await expect(server.client.get(Secret, place("a"))).rejects.toThrow("none of the keys opens it")
    await server.client.create(Secret, { metadata: place("b"), data: {} })
    expect((await server.client.get(Secret, place("b"))).metadata.name).toBe("b")
  })
})
