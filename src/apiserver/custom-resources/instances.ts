import type { Clock } from "../../base/clock.ts"
import { planDeletion } from "../registry/deletion.ts"
import type { Change } from "../registry/registry.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { DeleteOptions } from "../handlers/delete-options.ts"

/** The objects of a definition that goes. */
export interface Instances {
  count(): number
  /** Deletes or marks all of them. Nobody is asked whether they may go: the definition may. */
  deleteAll(): Promise<void>
}

const options: DeleteOptions = {
  dryRun: false,
  gracePeriodSeconds: undefined,
  propagationPolicy: undefined,
  orphanDependents: undefined,
  preconditions: undefined,
}

/** @param served any version: they share what is stored */
export function instancesOf(served: ServedResource, clock: Clock): Instances {
  const { registry } = served
  const deleteOne = (key: string) =>
    registry.change(key, (stored): Change => {
      if (!stored) return { kind: "none" }
      const plan = planDeletion(served, stored.object, options, clock.now())
      if (plan.kind === "mark") return { kind: "put", object: plan.object }
      return plan.kind === "remove" ? { kind: "delete" } : { kind: "none" }
    })
  return {
    count: () => registry.cache.size,
    async deleteAll() {
      for (const { key } of registry.cache.list()) await deleteOne(key)
    },
  }
}
