import { describe, expect, test } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import { memoryRules } from "./memory-rules.ts"

const gibibyte = 2 ** 30
const pod = (qosClass: string, priority = 0) =>
  ({ metadata: {}, spec: { containers: [], priority }, status: { qosClass } }) as unknown as Pod
const container = (resources: object) => ({ name: "c", resources }) as unknown as Container
const asking = container({ requests: { memory: "1Gi" }, limits: { memory: "2Gi" } })
const facts = (isUnified: boolean, limitsSwap = true) => ({
  control: { isUnified, limitsSwap },
  memoryBytes: 8 * gibibyte,
  swapBytes: 4 * gibibyte,
})
const configuration = (given: object = {}) => defaultConfiguration(given)
const limited = configuration({ memorySwap: { swapBehavior: "LimitedSwap" } })

describe("version 1", () => {
  test("leaves a container with a limit no swap beyond it", () => {
    const rules = (limit?: number, limitsSwap?: boolean) =>
      memoryRules(pod("Burstable"), asking, limit, facts(false, limitsSwap), configuration())
    expect(rules(2 * gibibyte)).toEqual({ memorySwapLimitInBytes: 2 * gibibyte })
    expect(rules()).toEqual({})
    expect(rules(2 * gibibyte, false)).toEqual({})
  })
})

describe("version 2", () => {
  test("ends all processes of a container that is out of memory, unless they are to be ended one by one", () => {
    const rules = (given?: object) =>
      memoryRules(pod("Burstable"), asking, undefined, facts(true, false), configuration(given))
    expect(rules()).toEqual({ unified: { "memory.oom.group": "1" } })
    expect(rules({ singleProcessOOMKill: true })).toEqual({})
  })

  test("gives nobody swap, unless it is shared out", () => {
    const swap = (of: Pod, each: Container, settings = limited) =>
      memoryRules(of, each, undefined, facts(true), settings).unified?.["memory.swap.max"]
    expect(swap(pod("Burstable"), asking, configuration())).toBe("0")
    // An eighth of the memory, an eighth of the swap.
    expect(swap(pod("Burstable"), asking)).toBe(String(gibibyte / 2))
    expect(swap(pod("Burstable"), container({ requests: { cpu: "1" } }))).toBe("0")
    const sure = { requests: { memory: "1Gi" }, limits: { memory: "1Gi" } }
    expect(swap(pod("Burstable"), container(sure))).toBe("0")
    expect(swap(pod("Guaranteed"), container(sure))).toBe("0")
    expect(swap(pod("BestEffort"), container({}))).toBe("0")
    expect(swap(pod("Burstable", 2_000_000_000), asking)).toBe("0")
  })
})

test("a simulated machine has no kernel to tell", () => {
  const none = { ...facts(true), control: undefined }
  expect(memoryRules(pod("Burstable"), asking, undefined, none, configuration())).toEqual({})
})
