import type { ConfigMap } from "../../api/core/v1/config-map.ts"
import type { Container } from "../../api/core/v1/container.ts"
import type { EnvVar, FileKeySelector } from "../../api/core/v1/env-var.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { ResourceList } from "../../api/core/v1/resource-requirements.ts"
import type { Secret } from "../../api/core/v1/secret.ts"
import type { Service } from "../../api/core/v1/service.ts"
import { decodeBase64 } from "../../base/base64.ts"
import { expandVariables } from "./expand-variables.ts"
import { containerResource, podField, type PodAddresses } from "./pod-field.ts"
import { serviceEnvironment, servicesForPod } from "./service-environment.ts"

export interface EnvironmentSources {
  /** Undefined when there is none. */
  findConfigMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  findSecret(namespace: string, name: string): Promise<Secret | undefined>
  /** From a file of the pod's; undefined when it may be left out. */
  readVariable(source: FileKeySelector): Promise<string | undefined>
  readonly services: readonly Service[]
  readonly allocatable: ResourceList
  readonly addresses: PodAddresses
}

/**
 * A container's environment: Services first, then `envFrom`, then `env`, later ones winning. A value may refer to
 * variables before it. Throws, in upstream's words, when something it needs is missing.
 */
export async function buildEnvironment(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const namespace = pod.metadata.namespace ?? ""
  const links = servicesForPod(sources.services, namespace, pod.spec.enableServiceLinks ?? true)
  const serviceVariables = serviceEnvironment(links)
  const result: Record<string, string> = await fromWholeObjects(pod, container, sources)
  // References in values may name Services' variables even where the container's own take their place.
  const known = { ...serviceVariables, ...result }
  for (const variable of container.env ?? []) {
    const value = await valueOf(pod, container, variable, known, sources)
    if (value === undefined) continue
    known[variable.name] = value
    result[variable.name] = value
  }
  return { ...serviceVariables, ...result }
}

async function fromWholeObjects(
  pod: Pod,
  container: Container,
  sources: EnvironmentSources,
): Promise<Record<string, string>> {
  const namespace = pod.metadata.namespace ?? ""
  const result: Record<string, string> = {}
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) {
      const configMap = await sources.findConfigMap(namespace, configMapRef.name ?? "")
      if (!configMap && !configMapRef.optional) throw new Error(`configmap "${configMapRef.name}" not found`)
      for (const [key, value] of Object.entries(configMap?.data ?? {})) result[`${prefix}${key}`] = value
    }
    if (secretRef) {
      const secret = await sources.findSecret(namespace, secretRef.name ?? "")
      if (!secret && !secretRef.optional) throw new Error(`secret "${secretRef.name}" not found`)
      for (const [key, value] of Object.entries(secret?.data ?? {}))
        result[`${prefix}${key}`] = decodeText(value)
    }
  }
  return result
}

/** Undefined: the variable is left out (an optional reference to something that is not there). */
async function valueOf(
  pod: Pod,
  container: Container,
  { value, valueFrom }: EnvVar,
  known: Readonly<Record<string, string>>,
  sources: EnvironmentSources,
): Promise<string | undefined> {
  if (!valueFrom) return expandVariables(value ?? "", known)
  const namespace = pod.metadata.namespace ?? ""
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = valueFrom
  if (fieldRef) return podField(pod, fieldRef.fieldPath, sources.addresses)
  if (resourceFieldRef) {
    const other = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(
      ({ name }) => name === resourceFieldRef.containerName,
    )
    return containerResource(pod, other ?? container, resourceFieldRef, sources.allocatable)
  }
  if (configMapKeyRef) {
    const { name = "", key, optional } = configMapKeyRef
    const configMap = await sources.findConfigMap(namespace, name)
    return pick(configMap, configMap?.data?.[key], { kind: "ConfigMap", namespace, name, key, optional })
  }
  if (secretKeyRef) {
    const { name = "", key, optional } = secretKeyRef
    const secret = await sources.findSecret(namespace, name)
    const data = secret?.data?.[key]
    const text = data === undefined ? undefined : decodeText(data)
    return pick(secret, text, { kind: "Secret", namespace, name, key, optional })
  }
  return fileKeyRef ? sources.readVariable(fileKeyRef) : ""
}

interface KeyReference {
  readonly kind: "ConfigMap" | "Secret"
  readonly namespace: string
  readonly name: string
  readonly key: string
  readonly optional: boolean | undefined
}

function pick(
  object: object | undefined,
  value: string | undefined,
  { kind, namespace, name, key, optional }: KeyReference,
): string | undefined {
  if (value !== undefined || optional) return value
  if (!object) throw new Error(`${kind.toLowerCase()} "${name}" not found`)
  throw new Error(`couldn't find key ${key} in ${kind} ${namespace}/${name}`)
}

const decoder = new TextDecoder()

function decodeText(base64: string): string {
  return decoder.decode(decodeBase64(base64))
}
