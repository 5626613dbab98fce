import { expect, it } from "vitest"
import type { Pod } from "../../../api/core/v1/pod.ts"
import type { CSIDriver } from "../../../api/storage/v1/csi-driver.ts"
import { silentLogger } from "../../../base/log.ts"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import { AdmissionError } from "../../node-host.ts"
import type { NodeObjects } from "../../objects/node-objects.ts"
import type { CsiVolume } from "../../volumes/csi-volume.ts"
import { AttachLimit } from "./attach-limit.ts"

const pod = {
  metadata: { name: "web", namespace: "default", uid: "u1" },
  spec: { volumes: [{ name: "data", persistentVolumeClaim: { claimName: "mine" } }] },
} as unknown as Pod
const volume = { specName: "pv-1", claim: "mine", driver: "disks" } as CsiVolume
const driverWith = (nodeAllocatableUpdatePeriodSeconds?: number) =>
  ({ spec: { nodeAllocatableUpdatePeriodSeconds } }) as unknown as CSIDriver

function limitOf(errorCode: number | undefined) {
  const clock = new SimulatedClock()
  const refreshed: string[] = []
  const attachment = { status: { attached: false, attachError: { message: "no", errorCode } } }
  const find = (async () => attachment) as unknown as NodeObjects["find"]
  const drivers = { refresh: async (name: string) => void refreshed.push(name) }
  const limit = new AttachLimit({ objects: { find }, drivers, clock, log: silentLogger })
  const check = (object: CSIDriver | undefined) => limit.check(pod, volume, { object, attachment: "a" })
  return { clock, refreshed, limit, check }
}

it("rejects a pod whose volume finds no room for as long as upstream waits, and asks the driver anew", async () => {
  const { clock, refreshed, check } = limitOf(8)
  await check(driverWith(10))
  await clock.advance(122_000)
  await check(driverWith(10))
  expect(refreshed).toEqual([])
  await clock.advance(1000)
  const error = await check(driverWith(10)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(AdmissionError)
  expect(error).toMatchObject({
    reason: "VolumeAttachmentLimitExceeded",
    message:
      "Pod was rejected: Node has reached its volume attachment limit, rejecting pod. unmounted volumes=[data], unattached volumes=[data], failed to process volumes=[]: context deadline exceeded",
  })
  expect(refreshed).toEqual(["disks"])
})

it.each([
  ["the driver does not say that its limit changes", 8, undefined],
  ["something else is wrong", 13, 10],
  ["the attacher does not say what is wrong", undefined, 10],
])("goes on waiting when %s", async (_, errorCode, period) => {
  const { clock, check } = limitOf(errorCode)
  await check(driverWith(period))
  await clock.advance(600_000)
  await check(driverWith(period))
})

it("begins anew when the volumes were mounted in between", async () => {
  const { clock, limit, check } = limitOf(8)
  await check(driverWith(10))
  limit.forget("u1")
  await clock.advance(600_000)
  await check(driverWith(10))
})
