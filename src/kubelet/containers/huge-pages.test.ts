import { describe, expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { hugePageLimits, isHugePageMedium, pageSizeOfMedium } from "./huge-pages.ts"

const container = (resources: object): Container => ({ name: "c", resources }) as Container
const pod = (...containers: Container[]): Pod => ({ spec: { containers } }) as unknown as Pod
const capacity = { cpu: "4", "hugepages-1Gi": "2Gi", "hugepages-2Mi": "0" }

describe("huge pages", () => {
  it("are a container's as far as it asks for them, and no others", () => {
    const asking = container({ limits: { "hugepages-1Gi": "1Gi", memory: "1Gi" } })
    expect(hugePageLimits(pod(asking), asking, capacity)).toEqual([
      { pageSize: "1GB", limit: 2 ** 30 },
      { pageSize: "2MB", limit: 0 },
    ])
    expect(hugePageLimits(pod(asking), asking, { cpu: "4" })).toEqual([])
    const sizes = { "hugepages-64Ki": "0", "hugepages-16Mi": "0" }
    expect(hugePageLimits(pod(asking), asking, sizes).map(({ pageSize }) => pageSize)).toEqual([
      "64KB",
      "16MB",
    ])
  })

  it("may be given to a pod as a whole, what a container says counts more", () => {
    const own = container({ limits: { "hugepages-2Mi": "4Mi" } })
    const whole = pod(own)
    whole.spec.resources = { limits: { "hugepages-2Mi": "8Mi", "hugepages-1Gi": "1Gi" } }
    expect(hugePageLimits(whole, own, capacity)).toEqual([
      { pageSize: "1GB", limit: 2 ** 30 },
      { pageSize: "2MB", limit: 4 << 20 },
    ])
  })

  it("make a volume of the size that its pod asks for", () => {
    expect(["HugePages", "HugePages-1Gi", "Memory", "", undefined].map(isHugePageMedium)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
    const small = container({ requests: { "hugepages-2Mi": "2Mi" } })
    const big = container({ requests: { "hugepages-1Gi": "1Gi" } })
    expect(pageSizeOfMedium(pod(big), "HugePages").text).toBe("1Gi")
    expect(pageSizeOfMedium(pod(small, big), "HugePages-1Gi").text).toBe("1Gi")
    expect(pageSizeOfMedium(pod(small, big), "HugePages-2048Ki").text).toBe("2Mi")
    expect(() => pageSizeOfMedium(pod(small, big), "HugePages")).toThrow(
      "medium: HugePages can't be used if container requests multiple huge page sizes",
    )
    expect(() => pageSizeOfMedium(pod(small), "HugePages-1Gi")).toThrow(
      "medium HugePages-1Gi: hugePages storage requested, but there is no resource request for huge pages",
    )
    const init = pod(container({}))
    init.spec.initContainers = [small]
    expect(pageSizeOfMedium(init, "HugePages").text).toBe("2Mi")
  })
})
