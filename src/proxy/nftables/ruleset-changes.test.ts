import { describe, expect, it } from "vitest"
import type { ServiceSpec } from "../../api/core/v1/service.ts"
import { integer, type Random } from "../../base/random.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { planService } from "../model/plan-service.ts"
import { testService, testSlice } from "../testing.ts"
import { type Element, elementsOf } from "./elements.ts"
import { Ruleset } from "./ruleset.ts"
import { SimulatedTable } from "./testing/simulated-table.ts"

const kinds = ["services", "ports"]
const fixedSets = [
  ...kinds,
  ...kinds.flatMap((kind) => [`inside-${kind}`, `refused-${kind}`, `guarded-${kind}`]),
  "allowed-sources",
  "cluster-ips",
  "hairpins",
  "trusted-sources",
]
const newTable = () => new SimulatedTable(fixedSets, ["refuse"])
const newRuleset = () => new Ruleset({ prefix: "cortest", podNetworks: [], serviceNetworks: [] }, [4])

/** A Service of a few that may quarrel about addresses, as any user may make them. */
function generateElements(random: Random, name: string): Element[] {
  const pick = <T>(...choices: readonly T[]): T => choices[integer(random, choices.length)]!
  const some = <T>(all: readonly T[]): T[] => all.filter(() => integer(random, 2) === 0)
  if (integer(random, 5) === 0) return []
  const spec: Partial<ServiceSpec> = {
    type: pick("ClusterIP", "NodePort", "LoadBalancer"),
    clusterIP: pick("10.96.0.1", "10.96.0.2", "10.96.0.3"),
    externalIPs: some(["192.0.2.1", "10.96.0.1"]),
    externalTrafficPolicy: pick("Cluster", "Local"),
    internalTrafficPolicy: pick("Cluster", "Cluster", "Local"),
    sessionAffinity: pick("None", "ClientIP"),
    sessionAffinityConfig: { clientIP: { timeoutSeconds: pick(10, 20) } },
    loadBalancerSourceRanges: some(["198.51.100.0/24"]),
    ports: [
      { port: pick(80, 81), protocol: pick("TCP", "UDP"), targetPort: 8080, nodePort: pick(30_001, 30_002) },
    ],
  }
  const endpoints = some(["10.244.0.2", "10.244.0.3", "10.244.0.4"]).map((address) => ({
    address,
    node: pick("here", "there"),
  }))
  const service = testService(name, spec, some(["203.0.113.7"]))
  return elementsOf(planService(service, [testSlice(name, endpoints)], { nodeName: "here" })!)
}

describe("changes of the ruleset", () => {
  it("lead where a first sync would, by commands that the kernel takes, in whatever order", () => {
    const random = new SeededRandom("ruleset changes")
    const ruleset = newRuleset()
    const kernel = newTable()
    let transactions = 0
    for (let step = 0; step < 300; step++) {
      const names = ["a", "b", "c", "d"].filter(() => integer(random, 2) === 0)
      const wanted = new Map(names.map((name) => [name, generateElements(random, name)]))
      for (const transaction of ruleset.planChange(wanted)) {
        kernel.apply(transaction)
        transactions++
      }
      // It counts what is needed anew then, so not each time.
      if (step % 25 !== 24) continue
      const afresh = newTable()
      afresh.apply(ruleset.planAll())
      expect(kernel.describe(), `step ${step}`).toEqual(afresh.describe())
    }
    expect(transactions).toBeGreaterThan(300)
    for (const transaction of ruleset.planChange(new Map(["a", "b", "c", "d"].map((name) => [name, []]))))
      kernel.apply(transaction)
    expect(kernel.describe()).toEqual(newTable().describe())
  })
})
