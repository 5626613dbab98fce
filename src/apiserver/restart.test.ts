import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { ConfigMap } from "../api/core/v1/config-map.ts"
import { Service } from "../api/core/v1/service.ts"
import { encodeProtobuf } from "../apimachinery/codec/protobuf.ts"
import { silentLogger } from "../base/log.ts"
import { realClock } from "../base/real/clock.ts"
import { realRandom } from "../base/real/random.ts"
import { openEmbeddedStore } from "../etcd/embedded/embedded-store.ts"
import type { Store } from "../etcd/store.ts"
import { startTestServer } from "./testing.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "coracle-apiserver-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const open = () => openEmbeddedStore({ directory, clock: realClock, log: silentLogger, random: realRandom })

async function withServer<T>(
  use: (server: Awaited<ReturnType<typeof startTestServer>>, store: Store) => Promise<T>,
) {
  const store = await open()
  const server = await startTestServer({ clock: realClock, random: realRandom, store })
  try {
    return await use(server, store)
  } finally {
    await server.stop()
    await store.close()
  }
}

test("after a restart everything is there, in the versions it had", async () => {
  const before = await withServer(async ({ client }) => {
    await client.create(Service, {
      metadata: { namespace: "default", name: "web" },
      spec: { ports: [{ port: 80 }] },
    })
    for (let index = 0; index < 50; index++) {
      await client.create(ConfigMap, {
        metadata: { namespace: "default", name: `c${index}` },
        data: { letter: "ü\u2028" },
      })
    }
    await client.delete(ConfigMap, { namespace: "default", name: "c7" })
    return { maps: await client.list(ConfigMap), services: await client.list(Service) }
  })
  await withServer(async ({ client }) => {
    expect((await client.list(ConfigMap)).items).toEqual(before.maps.items)
    expect((await client.list(Service)).items).toEqual(before.services.items)
    const { clusterIP } = before.services.items[0]!.spec
    const taken = client.create(Service, {
      metadata: { namespace: "default", name: "other" },
      spec: { clusterIP: clusterIP!, ports: [{ port: 80 }] },
    })
    await expect(taken).rejects.toThrow("provided IP is already allocated")
  })
})

test("what another program stored as protobuf is read, and served like everything else", async () => {
  await withServer(async ({ client, server }, store) => {
    const type = { group: "", version: "v1", kind: "ConfigMap", schema: ConfigMap.schema }
    const metadata = {
      name: "foreign",
      namespace: "default",
      uid: "u-1",
      creationTimestamp: "2026-01-01T00:00:00Z",
    }
    const value = encodeProtobuf(type, { metadata, data: { x: "1" } })
    const key = "/registry/configmaps/default/foreign"
    await store.txn({ success: [{ op: "put", key, value }] })
    const found = await client.get(ConfigMap, { namespace: "default", name: "foreign" })
    expect(found).toMatchObject({ kind: "ConfigMap", metadata: { uid: "u-1" }, data: { x: "1" } })
    const response = await server.handle({
      method: "GET",
      path: "/api/v1/namespaces/default/configmaps/foreign",
      query: new URLSearchParams(),
      headers: {},
      body: { kind: "none" },
      signal: new AbortController().signal,
    })
    const pieces = response.body.kind === "object" ? [...response.body.encode()] : []
    expect(JSON.parse(Buffer.concat(pieces).toString())).toEqual(found)
    await client.update(ConfigMap, { ...found, data: { x: "2" } })
  })
})
