/**
 * What happens at the start, step by step, and what upstream calls the same: `/readyz/poststarthook/NAME` asks for it.
 * Where upstream starts many things, one after another, here often one reading of the store does for all of them.
 */
export const hooksOfStep = {
  reading: [
    "start-apiserver-admission-initializer",
    "generic-apiserver-start-informers",
    "storage-readiness",
    "start-apiextensions-informers",
    "start-kube-aggregator-informers",
  ],
  following: [
    "priority-and-fairness-config-consumer",
    "crd-informer-synced",
    "start-apiextensions-controllers",
    "apiservice-status-local-available-controller",
    "apiservice-status-remote-available-controller",
    "apiservice-registration-controller",
    "apiservice-discovery-controller",
    "apiservice-openapi-controller",
    "apiservice-openapiv3-controller",
    "kube-apiserver-autoregistration",
  ],
  namespaces: ["start-system-namespaces-controller"],
  security: [
    "rbac/bootstrap-roles",
    "start-cluster-authentication-info-controller",
    "start-legacy-token-tracking-controller",
  ],
  priorityClasses: ["scheduling/bootstrap-system-priority-classes"],
  flowControl: ["priority-and-fairness-config-producer"],
  kubernetesService: ["bootstrap-controller"],
  serviceCidr: ["start-kubernetes-service-cidr-controller"],
  addressRepair: ["start-service-ip-repair-controllers"],
} as const

export type StartStep = keyof typeof hooksOfStep

/** How far the start has come. */
export class StartState {
  readonly #done = new Set<StartStep>()
  /** There is an APIService for each group and version of this server, or there shall be none. */
  isRegistered = false

  /** As a callback: the step has come to its end. */
  readonly finish = (step: StartStep): void => void this.#done.add(step)

  has(step: StartStep): boolean {
    return this.#done.has(step)
  }
}
