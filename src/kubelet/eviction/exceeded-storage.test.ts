import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { VolumeUsage } from "../node-host.ts"
import { exceededStorage, hasStorageLimit, type LocalStorageUsage } from "./exceeded-storage.ts"

const mebibyte = 1 << 20
const pod = (spec: object): Pod => ({ metadata: { name: "p", uid: "u" }, spec }) as unknown as Pod
const container = (name: string, limit?: string) => ({
  name,
  ...(limit && { resources: { limits: { "ephemeral-storage": limit } } }),
})
const volume = (name: string, usedBytes: number, isLocal = true) =>
  ({ name, space: { usedBytes }, isLocal }) as unknown as VolumeUsage
const written = (name: string, layer: number, logs = 0) => ({
  name,
  layer: { bytes: layer, inodes: 0 },
  logs: { bytes: logs, inodes: 0 },
})
const exceeded = (
  ...[of, usage, hasImageFilesystem = false]: [Pod, LocalStorageUsage, hasImageFilesystem?: boolean]
) => exceededStorage(of, usage, hasImageFilesystem)?.message

describe("what a pod may write on the node's disk", () => {
  it("is what its emptyDir says", () => {
    const limited = pod({
      containers: [container("main")],
      volumes: [{ name: "scratch", emptyDir: { sizeLimit: "1Mi" } }],
    })
    const usage = (bytes: number) => ({ containers: [], volumes: [volume("scratch", bytes)] })
    expect(hasStorageLimit(limited)).toBe(true)
    expect(exceeded(limited, usage(mebibyte))).toBeUndefined()
    expect(exceeded(limited, usage(mebibyte + 1))).toBe(
      'Usage of EmptyDir volume "scratch" exceeds the limit "1Mi". ',
    )
  })

  it("is what its containers may write together, local volumes and all", () => {
    const limited = pod({ containers: [container("a", "1Mi"), container("b", "2Mi")] })
    const containers = [written("a", mebibyte), written("b", 0, mebibyte)]
    const usage = (bytes: number, isLocal = true) => ({ containers, volumes: [volume("v", bytes, isLocal)] })
    expect(exceeded(limited, usage(mebibyte))).toBeUndefined()
    expect(exceeded(limited, usage(mebibyte * 9, false))).toBeUndefined()
    expect(exceeded(limited, usage(mebibyte + 1))).toBe(
      "Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. ",
    )
  })

  it("is what each container may write", () => {
    const limited = pod({ containers: [container("a", "1Mi"), container("b", "5Mi")] })
    const message = 'Container a exceeded its local ephemeral storage limit "1Mi". '
    const usage = (layer: number, logs: number) => ({
      containers: [written("a", layer, logs)],
      volumes: [],
    })
    expect(exceeded(limited, usage(mebibyte, 1))).toBe(message)
    expect(exceeded(limited, usage(mebibyte, 0))).toBeUndefined()
    expect(exceeded(limited, usage(mebibyte, 1), true)).toBeUndefined()
    expect(exceeded(limited, usage(0, mebibyte + 1), true)).toBe(message)
  })

  it("has no end where nobody set one", () => {
    const free = pod({ containers: [container("a")], volumes: [{ name: "v", emptyDir: {} }] })
    expect(hasStorageLimit(free)).toBe(false)
    expect(exceeded(free, { containers: [], volumes: [volume("v", 1e12)] })).toBeUndefined()
  })
})
