import { describe, expect, it } from "vitest"
import { type CdiSpec, planContainerEdits } from "./container-edits.ts"

const spec: CdiSpec = {
  kind: "example.com/dial",
  containerEdits: { env: ["ALL=yes"] },
  devices: [
    {
      name: "a",
      containerEdits: {
        env: ["A=1=2"],
        deviceNodes: [
          { path: "/dev/dial-a", hostPath: "/dev/null", permissions: "rw" },
          { path: "/dev/zero" },
        ],
        mounts: [{ hostPath: "/lib/dial", containerPath: "/dial", options: ["ro", "nosuid"] }],
      },
    },
    { name: "b", containerEdits: { env: ["B=2"], hooks: [{ hookName: "createRuntime" }] } },
  ],
}

describe("what a container needs in order to use devices", () => {
  it("is what the device and its kind ask for", () => {
    expect(planContainerEdits(["example.com/dial=a"], [spec])).toEqual({
      environment: { ALL: "yes", A: "1=2" },
      annotations: {},
      mounts: [{ hostPath: "/lib/dial", containerPath: "/dial", readonly: true }],
      devices: [
        { containerPath: "/dev/dial-a", hostPath: "/dev/null", permissions: "rw" },
        { containerPath: "/dev/zero", hostPath: "/dev/zero", permissions: "rwm" },
      ],
    })
  })
  it("is what the last file says that names the device", () => {
    const later = { kind: "example.com/dial", devices: [{ name: "a", containerEdits: { env: ["A=new"] } }] }
    expect(planContainerEdits(["example.com/dial=a"], [spec, later]).environment).toEqual({ A: "new" })
  })
  it("is refused where it is unknown or cannot be given", () => {
    expect(() => planContainerEdits(["example.com/dial=c", "other=a"], [spec])).toThrow(
      "CDI device injection failed: unresolvable CDI devices example.com/dial=c, other=a",
    )
    expect(() => planContainerEdits(["example.com/dial=b"], [spec])).toThrow(
      "hooks cannot be given to containers",
    )
  })
})
