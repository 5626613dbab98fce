import { describe, expect, it } from "vitest"
import type { Pod } from "../../api/core/v1/pod.ts"
import { silentLogger } from "../../base/log.ts"
import { RuntimeError } from "../../container-runtime/cri.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { resizeContainer } from "./resize-container.ts"

const podWith = (cpu: string): Pod =>
  ({
    metadata: { name: "p", uid: "u" },
    spec: { containers: [{ name: "c", resources: { requests: { cpu }, limits: { cpu } } }] },
    status: {},
  }) as unknown as Pod

/** What the machine and the runtime are asked for, in order. */
async function resize(to: string, { sandbox, group }: { sandbox?: Error; group?: Error } = {}) {
  const calls: string[] = []
  let groups = 0
  const services = {
    runtime: {
      async updatePodSandboxResources(id: string, { resources }: { resources: { cpuQuota: number } }) {
        calls.push(`sandbox ${id} ${resources.cpuQuota}`)
        if (sandbox) throw sandbox
      },
      updateContainerResources: async (id: string) => calls.push(`container ${id}`),
    },
    host: {
      cgroups: {
        async update() {
          calls.push("group")
          if (group && ++groups === 2) throw group
        },
      },
    },
    machine: { capacity: {}, info: {} },
    configuration: defaultConfiguration(),
    log: silentLogger,
  } as unknown as KubeletServices
  const pod = podWith(to)
  const change = {
    pod,
    before: podWith("1"),
    container: pod.spec.containers[0]!,
    id: "c1",
    sandboxId: "s1",
  }
  const failure = await resizeContainer(services, change).then(
    () => undefined,
    (error: Error) => error.message,
  )
  return { calls, failure }
}

const everything = ["sandbox s1 200000", "group", "container c1", "group"]

describe("a resize", () => {
  it("tells the runtime first what the pod as a whole may use", async () => {
    expect(await resize("2")).toEqual({ calls: everything, failure: undefined })
  })

  it("says nothing of the pod where that stays the same", async () => {
    expect(await resize("1000m")).toEqual({ calls: ["group", "container c1", "group"], failure: undefined })
  })

  it.each([
    new RuntimeError("Unimplemented", "unknown method UpdatePodSandboxResources"),
    new RuntimeError("Unknown", "not implemented yet"),
  ])("goes on where the runtime does not care", async (sandbox) => {
    expect(await resize("2", { sandbox })).toEqual({ calls: everything, failure: undefined })
  })

  it("is not done where the runtime refuses it", async () => {
    expect(await resize("2", { sandbox: new RuntimeError("Internal", "no") })).toEqual({
      calls: everything.slice(0, 1),
      failure:
        'failed to notify runtime for UpdatePodSandboxResources (resource=cpu); resize rejected: updatePodSandboxResources failed for sanboxID "s1": rpc error: code = Internal desc = no',
    })
  })

  it("tells the runtime that all stays as it was where the pod's group does not follow", async () => {
    expect(await resize("2", { group: new Error("EINVAL") })).toEqual({
      calls: [...everything, "sandbox s1 100000"],
      failure: "EINVAL",
    })
  })
})
