import { expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { refuseExclusiveResize } from "./refuse-exclusive-resize.ts"
import type { RuntimeContainer } from "./runtime-pod.ts"

const resources = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } })
const pod = (cpu: string, memory: string): Pod =>
  ({
    metadata: { name: "p", uid: "p" },
    spec: { containers: [{ name: "c", resources: resources(cpu, memory) }] },
    status: {},
  }) as unknown as Pod
const running = [{ name: "c", resources: resources("2", "1Gi") }] as unknown as RuntimeContainer[]
const both = { cpuManagerPolicy: "static", memoryManagerPolicy: "Static" }
const none = { cpuManagerPolicy: "none", memoryManagerPolicy: "None" }

it.each([
  [pod("3", "1Gi"), both, 'Resize is infeasible for Guaranteed Pods alongside CPU Manager policy "static"'],
  [
    pod("2", "2Gi"),
    both,
    'Resize is infeasible for Guaranteed Pods alongside Memory Manager policy "Static"',
  ],
  [pod("2", "2Gi"), { ...both, memoryManagerPolicy: "None" }, undefined],
  [pod("2000m", "1024Mi"), both, undefined],
  [pod("3", "2Gi"), none, undefined],
])("what a guaranteed pod has alone stays as it is: %#", (asked, settings, refusal) =>
  expect(refuseExclusiveResize(asked, running, settings)?.message).toBe(refusal),
)

it("does not concern pods that share", () => {
  const burstable = pod("3", "1Gi")
  burstable.spec.containers[0]!.resources = { requests: { cpu: "3" } }
  expect(refuseExclusiveResize(burstable, running, both)).toBeUndefined()
})
