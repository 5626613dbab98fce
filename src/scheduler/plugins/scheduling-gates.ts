import type { Plugin } from "../framework.ts"

/** A pod with gates waits until whoever set them has taken them all away. */
export const schedulingGates: Plugin = {
  name: "SchedulingGates",
  gate: ({ pod }) => {
    const gates = pod.spec.schedulingGates
    return gates?.length
      ? `waiting for scheduling gates: [${gates.map(({ name }) => name).join(" ")}]`
      : undefined
  },
}
