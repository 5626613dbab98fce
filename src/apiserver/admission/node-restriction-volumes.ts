import { quote } from "../../base/quote.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { AdmissionAttributes } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** A node that has grown a file system says so; it changes nothing else of a claim. */
export function checkClaimStatus(attributes: AdmissionAttributes, node: string): void {
  const { operation, object, oldObject } = attributes
  if (operation !== "UPDATE") throw refuse(attributes, `unexpected operation ${quote(operation)}`)
  if (
    deepEqual(withoutSize(object as PersistentVolumeClaim), withoutSize(oldObject as PersistentVolumeClaim))
  )
    return
  const why = `node ${quote(node)} is not allowed to update fields other than status.quantity and status.conditions`
  throw refuse(attributes, why)
}

function withoutSize({ metadata, status, ...rest }: PersistentVolumeClaim): object {
  const { resourceVersion: _version, managedFields: _fields, ...kept } = metadata
  const {
    capacity: _capacity,
    conditions: _conditions,
    allocatedResources: _allocated,
    allocatedResourceStatuses: _statuses,
    ...other
  } = status
  return { ...rest, metadata: kept, status: other }
}
