import type { Ingress } from "../../api/networking/v1/ingress.ts"
import type { IngressClass } from "../../api/networking/v1/ingress-class.ts"

/** What an IngressClass names as its controller when it means this one. */
export const controllerName = "coracle.dev/ingress-controller"

const legacyClassAnnotation = "kubernetes.io/ingress.class"
const defaultClassAnnotation = "ingressclass.kubernetes.io/is-default-class"

/** The Ingresses that are ours: of a class of this controller, or of none while one of its classes is the default. */
export function servedIngresses(ingresses: readonly Ingress[], classes: readonly IngressClass[]): Ingress[] {
  const ours = classes.filter(({ spec }) => spec?.controller === controllerName)
  const names = new Set(ours.map(({ metadata }) => metadata.name))
  const isDefault = ours.some(({ metadata }) => metadata.annotations?.[defaultClassAnnotation] === "true")
  return ingresses.filter(({ spec, metadata }) => {
    const name = spec.ingressClassName ?? metadata.annotations?.[legacyClassAnnotation]
    return name === undefined ? isDefault : names.has(name)
  })
}
