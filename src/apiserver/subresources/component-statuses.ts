import { ComponentStatus } from "../../api/core/v1/component-status.ts"
import type { Store } from "../../etcd/store.ts"
import type { ComputedResource } from "../registry/computed-resource.ts"

/** GET componentstatuses: old and of little use, but people still ask. Answered by asking the parts. */
export function componentStatuses(store: Store): ComputedResource<ComponentStatus> {
  return {
    resource: ComponentStatus,
    async list() {
      const condition = await store.currentRevision().then(
        () => ({ type: "Healthy", status: "True", message: "ok" }),
        (error: unknown) => ({ type: "Healthy", status: "False", message: String(error) }),
      )
      const { kind, version: apiVersion } = ComponentStatus
      return [{ kind, apiVersion, metadata: { name: "etcd-0" }, conditions: [condition] } as ComponentStatus]
    },
  }
}
