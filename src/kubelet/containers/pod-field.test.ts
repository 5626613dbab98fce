import { expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { containerResource, podField } from "./pod-field.ts"

const pod = {
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "u-1",
    labels: { tier: "front", app: "web" },
    annotations: { note: 'say "hi"\n' },
  },
  spec: { nodeName: "n1", serviceAccountName: "web" },
} as unknown as Pod
const addresses = { hostIps: ["192.0.2.1", "fd00::1"], podIps: ["10.0.0.1", "fd00::2"] }

it.each([
  ["metadata.name", "web"],
  ["metadata.uid", "u-1"],
  ["metadata.labels['app']", "web"],
  ["metadata.labels['none']", ""],
  ["metadata.labels", 'app="web"\ntier="front"'],
  ["metadata.annotations", 'note="say \\"hi\\"\\n"'],
  ["spec.nodeName", "n1"],
  ["status.podIP", "10.0.0.1"],
  ["status.podIPs", "10.0.0.1,fd00::2"],
  ["status.hostIPs", "192.0.2.1,fd00::1"],
])("%s is %s", (path, value) => expect(podField(pod, path, addresses)).toBe(value))

it("knows no other fields", () => {
  expect(() => podField(pod, "spec.secret", addresses)).toThrow("unsupported fieldPath: spec.secret")
})

it.each([
  ["limits.cpu", "1m", "1500"],
  ["limits.cpu", "1", "2"],
  ["requests.memory", "1Mi", "64"],
  ["limits.memory", "0", "8589934592"],
  ["requests.cpu", "1", "0"],
])("%s in units of %s is %s", (resource, divisor, value) => {
  const container = {
    name: "c",
    resources: { limits: { cpu: "1500m" }, requests: { memory: "64Mi" } },
  } as unknown as Container
  expect(containerResource(pod, container, { resource, divisor }, { memory: "8Gi" })).toBe(value)
})

it.each([
  ["limits.cpu", "2"],
  ["limits.memory", "67108864"],
  ["limits.ephemeral-storage", "1024"],
  ["limits.hugepages-2Mi", "0"],
])("%s that a container leaves to its pod and node is %s", (resource, value) => {
  const limits = { cpu: "1250m", memory: "64Mi", "hugepages-2Mi": "4Mi" }
  const limited = { ...pod, spec: { ...pod.spec, resources: { limits } } } as Pod
  const allocatable = { cpu: 4, memory: "8Gi", "ephemeral-storage": "1Ki", "hugepages-2Mi": "8Mi" }
  const container = { name: "c", resources: { limits: { memory: 0 } } } as unknown as Container
  expect(containerResource(limited, container, { resource, divisor: "0" }, allocatable)).toBe(value)
})
