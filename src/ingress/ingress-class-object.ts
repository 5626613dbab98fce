import type { Draft } from "../apimachinery/meta.ts"
import type { IngressClass } from "../api/networking/v1/ingress-class.ts"
import { controllerName } from "./routing/served-ingresses.ts"

/** The IngressClass that makes this controller the cluster's own: Ingresses that name no class get it. */
export function defaultIngressClass(name = "coracle"): Draft<IngressClass> {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: { name, annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } },
    spec: { controller: controllerName },
  }
}
