import { expect, test } from "vitest"
import type { Pod } from "../api/core/v1/pod.ts"
import { podInfo, podInfoAfter } from "./pod-info.ts"

const containers = [{ name: "main", resources: { requests: { cpu: "1" } } }]

function pod(parts: { spec?: object; status?: object } = {}): Pod {
  const metadata = { name: "web", namespace: "default", uid: "web" }
  return { metadata, spec: { containers, ...parts.spec }, status: { ...parts.status } } as unknown as Pod
}

test("what a pod needs is worked out once for versions that share what it asks for", () => {
  const before = podInfo(pod())
  const bound = podInfoAfter(pod({ spec: { nodeName: "a" }, status: { conditions: [] } }), before)
  expect(bound.pod.spec.nodeName).toBe("a")
  expect(bound.requests).toBe(before.requests)
})

test("and anew when it asks for something else, or has begun to run", () => {
  const before = podInfo(pod())
  const resized = [{ name: "main", resources: { requests: { cpu: "2" } } }]
  expect(podInfoAfter(pod({ spec: { containers: resized } }), before).requests.milliCpu).toBe(2000)
  const allocatedResources = { cpu: "3" }
  const containerStatuses = [{ name: "main", resources: { requests: { cpu: "3" } }, allocatedResources }]
  expect(podInfoAfter(pod({ status: { containerStatuses } }), before).requests.milliCpu).toBe(3000)
})
