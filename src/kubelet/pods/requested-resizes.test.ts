import { expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { requestedResizes } from "./requested-resizes.ts"

const pod = (resources: object) =>
  ({ spec: { containers: [{ name: "a", resources }, { name: "b" }] } }) as unknown as Pod

it("counts what is asked for other than before", () => {
  const before = pod({ requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "2" } })
  const now = pod({ requests: { cpu: "500m", memory: "1024Mi" }, limits: { memory: "2Gi" } })
  expect(requestedResizes(before, now)).toEqual([
    { resource: "memory", requirement: "limits", operation: "add" },
    { resource: "cpu", requirement: "requests", operation: "decrease" },
    { resource: "cpu", requirement: "limits", operation: "remove" },
  ])
  expect(requestedResizes(before, before)).toEqual([])
})
