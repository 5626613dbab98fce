import { expect, test } from "vitest"
import { createErrors } from "../../testing.ts"
import { Pod, type PodSpec } from "../v1/pod.ts"
import { podShape } from "./pod-shape.ts"

const mount = (name: string, mountPath = "/token") => ({ name, mountPath })
const web = { name: "web", image: "nginx" }
const withVolumes = (...names: string[]) =>
  ({
    containers: [{ ...web, volumeMounts: names.map((name) => mount(name, `/${names.indexOf(name)}`)) }],
    volumes: names.map((name) => ({ name, emptyDir: {} })),
  }) as unknown as PodSpec

test("pods of one workload are alike, wherever they run and whatever their token's volume is called", () => {
  const spec = withVolumes("data", "kube-api-access-x7k2p")
  expect(podShape({ ...withVolumes("data", "kube-api-access-bcd45"), nodeName: "a" })).toBe(
    podShape({ ...spec, nodeName: "b" }),
  )
  expect(podShape(withVolumes("other", "kube-api-access-bcd45"))).not.toBe(podShape(spec))
})

test("one generated name is not two", () => {
  const two = withVolumes("kube-api-access-aaaaa", "kube-api-access-bbbbb")
  const twice = withVolumes("kube-api-access-aaaaa", "kube-api-access-aaaaa")
  expect(podShape(two)).not.toBe(podShape(twice))
})

test("what is wrong is told though the last pod was like this one", () => {
  const errors = (fields: object, name = "pod") =>
    createErrors(Pod, { metadata: { name }, spec: { containers: [web], ...fields } })
  expect(errors({ nodeName: "node-1" })).toEqual([])
  const text = errors({ nodeName: "_" })[0]
  expect(text).toMatch(/^spec\.nodeName: Invalid value: "_"/)
  const ephemeral = { volumes: [{ name: "data", ephemeral: { volumeClaimTemplate: claim } }] }
  expect(errors(ephemeral)).toEqual([])
  expect(errors(ephemeral, "a".repeat(250))[0]).toContain("PVC name")
})

const claim = {
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
}
