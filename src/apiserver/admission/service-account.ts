import { sleep } from "../../base/clock.ts"
import { safeSuffix } from "../../base/random.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import { notFound } from "../../apimachinery/status-errors.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod, PodSpec } from "../../api/core/v1/pod.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import type { Volume } from "../../api/core/v1/volume.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"
import { secretNamesOf, unlistedSecretProblem } from "./mountable-secrets.ts"
import { refuse } from "./refuse.ts"

const tokenPath = "/var/run/secrets/kubernetes.io/serviceaccount"
const volumePrefix = "kube-api-access-"

/**
 * Every pod runs as a ServiceAccount: gives it one, checks that it is there, and mounts its token
 * (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/).
 */
export function serviceAccount(context: AdmissionContext): AdmissionPlugin {
  const accounts = new Accounts(context)
  return {
    name: "ServiceAccount",
    on: [
      { operations: ["CREATE"], resources: ["pods"] },
      { operations: ["UPDATE"], resources: ["pods/ephemeralcontainers"] },
    ],
    async mutate(attributes) {
      const pod = attributes.object as Pod
      if (attributes.operation !== "CREATE" || isMirror(pod)) return pod
      const serviceAccountName = pod.spec.serviceAccountName || "default"
      const account = await accounts.get(attributes, serviceAccountName)
      const suffix = () => safeSuffix(context.random, 5)
      // The old name of the field is kept in step: an update would set it, and a pod's spec may not change.
      const named = { ...pod.spec, serviceAccountName, serviceAccount: serviceAccountName }
      return { ...pod, spec: completeSpec(named, account, suffix) }
    },
    async validate(attributes) {
      const pod = attributes.object as Pod
      if (attributes.operation === "CREATE" && isMirror(pod)) return checkMirror(attributes, pod)
      const { serviceAccountName } = pod.spec
      if (!serviceAccountName) {
        const which = `${attributes.namespace}/${pod.metadata.name ?? ""}`
        throw refuse(attributes, `no service account specified for pod ${which}`)
      }
      const account = await accounts.get(attributes, serviceAccountName)
      const problem = unlistedSecretProblem(account, pod, attributes.operation === "UPDATE")
      if (problem) throw refuse(attributes, problem)
    },
  }
}

class Accounts {
  readonly #context: AdmissionContext

  constructor(context: AdmissionContext) {
    this.#context = context
  }

  /** Waits for `default`, which a controller makes a moment after its namespace. */
  async get(attributes: AdmissionAttributes, name: string): Promise<ServiceAccount> {
    const { cache, clock, random } = this.#context
    const { namespace } = attributes
    const found = cache.find(ServiceAccount, { namespace, name })
    if (found) return found
    const attempts = name === "default" ? 10 : 1
    const pauseMs = 100 + random.next() * 100
    for (let attempt = 0; attempt < attempts; attempt++) {
      if (attempt > 0) await sleep(clock, pauseMs)
      const live = await this.#find(namespace, name)
      if (live) return live
    }
    const { message } = notFound({ group: "", plural: "serviceaccount" }, name)
    throw refuse(attributes, `error looking up service account ${namespace}/${name}: ${message}`)
  }

  async #find(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    try {
      return await this.#context.client.get(ServiceAccount, { namespace, name })
    } catch (error) {
      if (isStatusError(error, "NotFound")) return undefined
      throw error
    }
  }
}

function completeSpec(spec: PodSpec, account: ServiceAccount, suffix: () => string): PodSpec {
  const wantsToken = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  const mounted = wantsToken ? withToken(spec, suffix) : spec
  if (spec.imagePullSecrets?.length || !account.imagePullSecrets?.length) return mounted
  return { ...mounted, imagePullSecrets: account.imagePullSecrets.map(({ name }) => ({ name })) as never }
}

/** A container that mounts something of its own there goes without. */
function withToken(spec: PodSpec, suffix: () => string): PodSpec {
  const existing = spec.volumes?.find(({ name }) => name.startsWith(volumePrefix))
  const name = existing?.name ?? volumePrefix + suffix()
  const needsMount = ({ volumeMounts }: Container) =>
    !volumeMounts?.some(({ mountPath }) => mountPath === tokenPath)
  const mount = (container: Container): Container =>
    needsMount(container)
      ? {
          ...container,
          volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: tokenPath }],
        }
      : container
  const all = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  if (!all.some(needsMount)) return spec
  return {
    ...spec,
    ...(spec.initContainers && { initContainers: spec.initContainers.map(mount) }),
    containers: (spec.containers ?? []).map(mount),
    ...(!existing && { volumes: [...(spec.volumes ?? []), tokenVolume(name)] }),
  }
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        // An hour and a mark by which the server knows such tokens.
        { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  }
}

function isMirror({ metadata }: Pod): boolean {
  return metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined
}

/** Mirror pods show what a node runs by itself; they must not reach for anything of the cluster. */
function checkMirror(attributes: AdmissionAttributes, { spec }: Pod): void {
  if (spec.serviceAccountName) throw refuse(attributes, "a mirror pod may not reference service accounts")
  for (const _name of secretNamesOf(spec)) throw refuse(attributes, "a mirror pod may not reference secrets")
  const hasToken = spec.volumes?.some(({ projected }) =>
    projected?.sources?.some(({ serviceAccountToken }) => serviceAccountToken),
  )
  if (hasToken) throw refuse(attributes, "a mirror pod may not use ServiceAccountToken volume projections")
}
