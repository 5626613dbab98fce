import { expect, it } from "vitest"
import { planService } from "./model/plan-service.ts"
import { ServicesWithoutLocal } from "./services-without-local.ts"
import { testService, testSlice } from "./testing.ts"

it("counts a port once for each policy that keeps its traffic on a node without endpoints", () => {
  const without = new ServicesWithoutLocal()
  const local = testService(
    "web",
    {
      type: "LoadBalancer",
      externalTrafficPolicy: "Local",
      internalTrafficPolicy: "Local",
      ports: [{ port: 80, targetPort: 8080, nodePort: 30_080, protocol: "TCP" }],
    },
    ["203.0.113.1", "203.0.113.2"],
  )
  const frontendsOn = (nodeName: string) =>
    planService(local, [testSlice("web", [{ address: "10.244.1.2", node: "there" }])], { nodeName })!
      .frontends
  const counts = () => without.counts([4]).map(({ policy, count }) => `${policy} ${count}`)
  without.update("default/web", frontendsOn("here"))
  expect(counts()).toEqual(["internal 1", "external 1"])
  without.update("default/web", frontendsOn("there"))
  expect(counts()).toEqual(["internal 0", "external 0"])
})
