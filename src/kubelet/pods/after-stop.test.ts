import { describe, expect, it } from "vitest"
import { afterStop } from "./after-stop.ts"
import type { PodState } from "./pod-state.ts"

const stateOf = (containers: readonly object[]): PodState =>
  ({
    pod: { spec: { containers: [{ name: "a" }, { name: "b" }] } },
    runtime: { sandboxes: [{ id: "s", ready: true, ips: ["10.0.0.1"] }], containers },
  }) as unknown as PodState
const ended = (name: string) => ({ id: name, name, state: "exited" })

describe("what the runtime has of a pod after its sandboxes were stopped", () => {
  it("need not be asked where all ends were seen", () => {
    expect(afterStop(stateOf([ended("a"), ended("b")]), ["s"])).toEqual({
      sandboxes: [{ id: "s", ready: false, ips: ["10.0.0.1"] }],
      containers: [ended("a"), ended("b")],
    })
    expect(afterStop(stateOf([ended("a"), ended("b")]), [])).toMatchObject({ sandboxes: [] })
  })

  it.each([
    ["a sandbox that nobody knew", [ended("a"), ended("b")], ["s", "unknown"]],
    ["a container that may have been made", [ended("a")], ["s"]],
    ["a container that was made and not started", [ended("a"), { name: "b", state: "created" }], ["s"]],
  ])("must be asked where there is %s", (_, containers, stopped) => {
    expect(afterStop(stateOf(containers), stopped)).toBeUndefined()
  })
})
