import { describe, expect, test } from "vitest"
import { findMatchingVolume, isFullyBound } from "./match-volume.ts"
import type { Node } from "./node.ts"
import type { PersistentVolume } from "./persistent-volume.ts"
import type { PersistentVolumeClaim } from "./persistent-volume-claim.ts"

type Parts<T> = { [K in keyof T]?: unknown }

function volume(name: string, size: string, spec: Parts<PersistentVolume["spec"]> = {}): PersistentVolume {
  const full = {
    capacity: { storage: size },
    accessModes: ["ReadWriteOnce"],
    storageClassName: "slow",
    ...spec,
  }
  return { metadata: { name }, spec: full, status: { phase: "Available" } } as unknown as PersistentVolume
}

function claim(size: string, spec: Parts<PersistentVolumeClaim["spec"]> = {}): PersistentVolumeClaim {
  const full = {
    resources: { requests: { storage: size } },
    accessModes: ["ReadWriteOnce"],
    storageClassName: "slow",
    ...spec,
  }
  return { metadata: { name: "data", namespace: "default", uid: "u1" }, spec: full, status: {} } as never
}

const onNode = (name: string) => ({
  required: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: "host", operator: "In", values: [name] }] }],
  },
})
const node = (name: string) => ({ metadata: { name, labels: { host: name } } }) as unknown as Node

describe("the volume for a claim", () => {
  test("is the smallest that is big enough, of its class and mode", () => {
    const volumes = [
      volume("small", "1Gi"),
      volume("big", "10Gi"),
      volume("right", "5Gi"),
      volume("other-class", "5Gi", { storageClassName: "fast" }),
      volume("block", "4Gi", { volumeMode: "Block" }),
      volume("read-only", "4Gi", { accessModes: ["ReadOnlyMany"] }),
    ]
    expect(findMatchingVolume(claim("4Gi"), volumes)?.metadata.name).toBe("right")
    expect(findMatchingVolume(claim("4Gi"), volumes, { taken: new Set(["right"]) })?.metadata.name).toBe(
      "big",
    )
    expect(findMatchingVolume(claim("20Gi"), volumes)).toBeUndefined()
  })

  test("is the one that names the claim, even where a smaller one is free", () => {
    const meant = volume("meant", "9Gi", { claimRef: { name: "data", namespace: "default" } })
    const others = volume("others", "4Gi", { claimRef: { name: "else", namespace: "default" } })
    expect(findMatchingVolume(claim("4Gi"), [volume("free", "4Gi"), others, meant])).toBe(meant)
    const older = volume("older", "4Gi", { claimRef: { name: "data", namespace: "default", uid: "u0" } })
    expect(findMatchingVolume(claim("4Gi"), [older])).toBeUndefined()
  })

  test("can be reached from the node, if one is asked about", () => {
    const volumes = [volume("here", "4Gi", { nodeAffinity: onNode("a") })]
    expect(findMatchingVolume(claim("4Gi"), volumes, { node: node("a") })?.metadata.name).toBe("here")
    expect(findMatchingVolume(claim("4Gi"), volumes, { node: node("b") })).toBeUndefined()
    expect(findMatchingVolume(claim("4Gi"), volumes, { waitsForNode: true })).toBeUndefined()
  })

  test("binding is complete when the binder says so", () => {
    expect(isFullyBound(claim("1Gi", { volumeName: "v" }))).toBe(false)
  })
})
