import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { VolumeUsage } from "../node-host.ts"
import { exceededStorage, hasStorageLimit } from "./exceeded-storage.ts"

const mebibyte = 1 << 20
const pod = (spec: object): Pod => ({ metadata: { name: "p", uid: "u" }, spec }) as unknown as Pod
const container = (name: string, limit?: string) => ({
  name,
  ...(limit && { resources: { limits: { "ephemeral-storage": limit } } }),
})
const volume = (name: string, usedBytes: number, isLocal = true) =>
  ({ name, space: { usedBytes }, isLocal }) as unknown as VolumeUsage

describe("what a pod may write on the node's disk", () => {
  it("is what its emptyDir says", () => {
    const limited = pod({
      containers: [container("main")],
      volumes: [{ name: "scratch", emptyDir: { sizeLimit: "1Mi" } }],
    })
    const usage = (bytes: number) => ({ containers: [], volumes: [volume("scratch", bytes)] })
    expect(hasStorageLimit(limited)).toBe(true)
    expect(exceededStorage(limited, usage(mebibyte))).toBeUndefined()
    expect(exceededStorage(limited, usage(mebibyte + 1))).toBe(
      'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ',
    )
  })

  it("is what its containers may write together, local volumes and all", () => {
    const limited = pod({ containers: [container("a", "1Mi"), container("b", "2Mi")] })
    const containers = [
      { name: "a", bytes: mebibyte },
      { name: "b", bytes: mebibyte },
    ]
    const usage = (bytes: number, isLocal = true) => ({ containers, volumes: [volume("v", bytes, isLocal)] })
    expect(exceededStorage(limited, usage(mebibyte))).toBeUndefined()
    expect(exceededStorage(limited, usage(mebibyte * 9, false))).toBeUndefined()
    expect(exceededStorage(limited, usage(mebibyte + 1))).toBe(
      "Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. ",
    )
  })

  it("is what each container may write", () => {
    const limited = pod({ containers: [container("a", "1Mi"), container("b", "5Mi")] })
    const containers = [{ name: "a", bytes: mebibyte + 1 }]
    expect(exceededStorage(limited, { containers, volumes: [] })).toBe(
      'Container a exceeded its local ephemeral storage limit "1Mi". ',
    )
  })

  it("has no end where nobody set one", () => {
    const free = pod({ containers: [container("a")], volumes: [{ name: "v", emptyDir: {} }] })
    expect(hasStorageLimit(free)).toBe(false)
    expect(exceededStorage(free, { containers: [], volumes: [volume("v", 1e12)] })).toBeUndefined()
  })
})
