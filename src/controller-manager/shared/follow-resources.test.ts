import { afterEach, beforeEach, expect, test } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { startTestCluster, type TestCluster } from "../testing/test-cluster.ts"
import { followResources } from "./follow-resources.ts"

let cluster: TestCluster
let stop: AbortController
beforeEach(async () => {
  cluster = await startTestCluster([])
  stop = new AbortController()
  cluster.informers.start(stop.signal)
})
afterEach(async () => {
  stop.abort()
  await cluster.stop()
})

test("two that share their informers both hear of a resource that goes and comes back", async () => {
  let served: readonly Resource[] = [ConfigMap]
  const heard: string[] = []
  for (const name of ["first", "second"])
    followResources(
      { ...cluster, signal: stop.signal, log: silentLogger },
      {
        discover: () => Promise.resolve({ resources: served, stale: [] }),
        onChange: (_, current, previous) => {
          const { metadata } = (current ?? previous)!
          if (metadata.name === "settings") heard.push(`${name} ${current ? "has" : "lost"} it`)
        },
        onSynced: () => {},
      },
    )
  await cluster.client.create(ConfigMap, { metadata: { namespace: "default", name: "settings" } })
  const heardNext = async () => {
    await cluster.advance(31_000)
    return heard.splice(0)
  }
  expect(await heardNext()).toEqual(["first has it", "second has it"])
  served = []
  expect(await heardNext()).toEqual(["first lost it", "second lost it"])
  served = [ConfigMap]
  expect(await heardNext()).toEqual(["first has it", "second has it"])
})
