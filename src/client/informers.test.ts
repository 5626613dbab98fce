import { expect, it } from "vitest"
import { ConfigMap } from "../api/core/v1/config-map.ts"
import { Secret } from "../api/core/v1/secret.ts"
import { startTestServer } from "../apiserver/testing.ts"
import { resource } from "../apimachinery/resource.ts"
import { message } from "../apimachinery/schema.ts"
import { silentLogger } from "../base/log.ts"
import { SimulatedClock } from "../base/simulated/clock.ts"
import { SeededRandom } from "../base/simulated/random.ts"
import { createInformers } from "./informers.ts"
import { createServedCheck } from "./create-served-check.ts"

it("nobody waits for a resource that the cluster does not serve, until it does", async () => {
  const clock = new SimulatedClock()
  const { client, transport, stop } = await startTestServer({ clock })
  await client.create(ConfigMap, { metadata: { namespace: "default", name: "a" } })
  await client.create(Secret, { metadata: { namespace: "default", name: "b" } })
  let servesSecrets = false
  const informers = createInformers({
    client,
    clock,
    random: new SeededRandom("informers"),
    log: silentLogger,
    isServed: async ({ plural }) => plural !== "secrets" || servesSecrets,
  })
  informers.for(ConfigMap)
  informers.for(Secret)
  const end = new AbortController()
  informers.start(end.signal)
  await clock.advance(1000)
  await informers.synced()
  expect(informers.cache.list(ConfigMap)).toHaveLength(1)
  expect(informers.cache.list(Secret)).toEqual([])

  servesSecrets = true
  await clock.advance(31_000)
  expect(informers.cache.list(Secret).map(({ metadata }) => metadata.name)).toEqual(["b"])

  const isServed = createServedCheck(transport)
  expect(await isServed(Secret)).toBe(true)
  const unknown = { kind: "Odd", namespaced: true, schema: message("", {}) }
  expect(await isServed(resource({ group: "", version: "v1", plural: "odds", ...unknown }))).toBe(false)
  expect(await isServed(resource({ group: "apps", version: "v9", plural: "odds", ...unknown }))).toBe(false)
  end.abort()
  await stop()
})
