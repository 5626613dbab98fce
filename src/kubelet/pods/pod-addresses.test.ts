import { expect, test } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { podIpsOf } from "./pod-addresses.ts"
import { noRuntimePod } from "./runtime-pod.ts"

const pod = (spec: object) => ({ spec }) as Pod
const sandbox = { id: "s", attempt: 0, ready: true, createdAtMs: 1, ips: ["10.0.0.2", "fd00::2"] }
const runtime = { ...noRuntimePod, sandboxes: [sandbox] }

test("a pod's first address is of the family of its node's first", () => {
  const ipsOf = (...hostIps: string[]) => podIpsOf({ pod: pod({}), runtime }, hostIps)
  expect(ipsOf("192.0.2.1", "fd01::1")).toEqual(["10.0.0.2", "fd00::2"])
  expect(ipsOf("fd01::1", "192.0.2.1")).toEqual(["fd00::2", "10.0.0.2"])
  expect(ipsOf()).toEqual(["10.0.0.2", "fd00::2"])
})

test("a pod on the host's network has the node's addresses, one without a sandbox none", () => {
  const hostIps = ["fd01::1", "192.0.2.1"]
  expect(podIpsOf({ pod: pod({ hostNetwork: true }), runtime }, hostIps)).toEqual(hostIps)
  expect(podIpsOf({ pod: pod({}), runtime: noRuntimePod }, hostIps)).toEqual([])
})
