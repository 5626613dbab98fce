import type { Namespace } from "../../../api/core/v1/namespace.ts"
import { dnsLabelName } from "../../../apimachinery/names.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import type { Strategy } from "../strategy.ts"

export const kubernetesFinalizer = "kubernetes"

/**
 * A namespace is held by `spec.finalizers` as well: it goes when its contents have gone and the namespace controller has
 * taken its finalizer off, through the finalize subresource.
 */
export const namespaceStrategy: Partial<Strategy> = {
  nameRule: dnsLabelName,
  hasGeneration: false,

  prepareForCreate(object) {
    const namespace = asNamespace(object)
    namespace.status = { phase: "Active" }
    const finalizers = namespace.spec?.finalizers ?? []
    if (!finalizers.includes(kubernetesFinalizer)) {
      namespace.spec = { ...namespace.spec, finalizers: [...finalizers, kubernetesFinalizer] }
    }
  },

  prepareForUpdate(object, old) {
    asNamespace(object).spec.finalizers = asNamespace(old).spec.finalizers
    asNamespace(object).status = asNamespace(old).status
  },

  isHeld: (object) => (asNamespace(object).spec.finalizers?.length ?? 0) > 0,

  prepareForDelete(object) {
    delete object.metadata.deletionGracePeriodSeconds
    asNamespace(object).status = { ...asNamespace(object).status, phase: "Terminating" }
  },

  prepareForStatusUpdate(object, old) {
    asNamespace(object).spec = asNamespace(old).spec
  },
}

function asNamespace(object: KubeObject): Namespace {
  return object as unknown as Namespace
}
