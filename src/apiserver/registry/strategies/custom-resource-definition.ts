import type { CustomResourceDefinition } from "../../../api/apiextensions/v1/custom-resource-definition.ts"
import { cleanupFinalizer, withCondition } from "../../custom-resources/conditions.ts"
import type { Strategy } from "../strategy.ts"

/** A definition goes after its objects: the first deletion marks it, and the finalizer holds it until they are gone. */
export const customResourceDefinitionStrategy: Partial<Strategy> = {
  allowsUnconditionalUpdate: false,
  isHeld: ({ metadata }) => metadata.deletionTimestamp === undefined,
  prepareForDelete(object) {
    const definition = object as unknown as CustomResourceDefinition
    const { metadata, status } = definition
    delete metadata.deletionGracePeriodSeconds
    if (!metadata.finalizers?.includes(cleanupFinalizer))
      metadata.finalizers = [...(metadata.finalizers ?? []), cleanupFinalizer]
    const conditions = withCondition(status.conditions ?? [], pending, metadata.deletionTimestamp!)
    definition.status = { ...status, conditions }
  },
}

const pending = {
  type: "Terminating",
  status: "True",
  reason: "InstanceDeletionPending",
  message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
} as const
