import type { Namespace } from "../../api/core/v1/namespace.ts"
import type { ServedResource } from "../registry/served-resources.ts"
import type { View } from "../registry/view.ts"

/** PUT namespaces/NAME/finalize: the one place where a namespace's `spec.finalizers` may change. */
export function finalizeView({ resource, strategy }: ServedResource): View {
  return {
    subresource: "finalize",
    isWhole: true,
    kind: resource,
    show: (object) => object,
    take: (_, written) => written,
    prepare(object, old) {
      const namespace = object as unknown as Namespace
      namespace.status = (old as unknown as Namespace).status
    },
    // The strategy's own preparation keeps them as they are.
    validate: (object, old, context) => strategy.validateSubresource("finalize", object, old, context),
  }
}
