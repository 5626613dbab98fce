import type { KubeObject } from "../../apimachinery/meta.ts"
import type { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { IngressClass } from "../../api/networking/v1/ingress-class.ts"
import type { Ingress } from "../../api/networking/v1/ingress.ts"
import { findDefaultStorageClass } from "../../api/storage/v1/default-storage-class.ts"
import { StorageClass } from "../../api/storage/v1/storage-class.ts"
import type { AdmissionContext, AdmissionPlugin } from "./admission.ts"

/** A claim that names no class, not even "", gets the class that is annotated as default. */
export function defaultStorageClass({ cache }: AdmissionContext): AdmissionPlugin {
  return {
    name: "DefaultStorageClass",
    on: [{ operations: ["CREATE"], resources: ["persistentvolumeclaims"] }],
    mutate({ object }) {
      const claim = object as PersistentVolumeClaim
      const beta = claim.metadata.annotations?.["volume.beta.kubernetes.io/storage-class"]
      if (beta !== undefined || claim.spec.storageClassName !== undefined) return claim
      const found = findDefaultStorageClass(cache.list(StorageClass))
      if (!found) return claim
      return { ...claim, spec: { ...claim.spec, storageClassName: found.metadata.name } }
    },
  }
}

/** The same for an Ingress. Where several classes claim to be the default, the newest is. */
export function defaultIngressClass({ cache }: AdmissionContext): AdmissionPlugin {
  const annotations = ["ingressclass.kubernetes.io/is-default-class"]
  return {
    name: "DefaultIngressClass",
    on: [{ operations: ["CREATE"], resources: ["ingresses.networking.k8s.io"] }],
    mutate(attributes) {
      const ingress = attributes.object as Ingress
      const old = ingress.metadata.annotations?.["kubernetes.io/ingress.class"]
      if (old !== undefined || ingress.spec?.ingressClassName !== undefined) return ingress
      const [found] = cache
        .list(IngressClass, { where: (each) => isMarked(each, annotations) })
        .toSorted(newestFirst)
      if (!found) return ingress
      return { ...ingress, spec: { ...ingress.spec, ingressClassName: found.metadata.name } }
    },
  }
}

function isMarked({ metadata }: KubeObject, annotations: readonly string[]): boolean {
  return annotations.some((annotation) => metadata.annotations?.[annotation] === "true")
}

function newestFirst({ metadata: a }: KubeObject, { metadata: b }: KubeObject): number {
  if (a.creationTimestamp === b.creationTimestamp) return a.name < b.name ? -1 : 1
  return a.creationTimestamp > b.creationTimestamp ? -1 : 1
}
