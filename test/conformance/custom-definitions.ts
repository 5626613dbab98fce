import { safeSuffix } from "../../src/base/random.ts"
import { realRandom } from "../../src/base/real/random.ts"
import { type Api, eventually, type Json } from "./harness.ts"

export const definitionsPath = (name = "") =>
  `/apis/apiextensions.k8s.io/v1/customresourcedefinitions${name && `/${name}`}`

export interface Definition {
  readonly group: string
  readonly plural: string
  readonly kind: string
  readonly name: string
  /** The path of its objects in a version; of a namespace if it has any. */
  path(version?: string, namespace?: string): string
}

/** Names that nobody has yet. */
export function newNames(group = `group-${safeSuffix(realRandom, 5)}.example.com`): Definition {
  const suffix = safeSuffix(realRandom, 5)
  const plural = `tests${suffix}s`
  return {
    group,
    plural,
    kind: `Test${suffix}`,
    name: `${plural}.${group}`,
    path: (version = "v1", namespace = "") =>
      `/apis/${group}/${version}${namespace && `/namespaces/${namespace}`}/${plural}`,
  }
}

export const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true }

export function version(name: string, schema: object = anything, more: object = {}): Json {
  const isFirst = name === "v1"
  return { name, served: true, storage: isFirst, schema: { openAPIV3Schema: schema }, ...more }
}

export function definitionOf(
  { group, plural, kind, name }: Definition,
  versions: readonly Json[],
  more: object = {},
): Json {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name },
    spec: {
      group,
      scope: "Cluster",
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions,
      ...more,
    },
  }
}

/** Creates it, and waits until it is served. */
export async function installDefinition(
  api: Api,
  names: Definition,
  versions: readonly Json[] = [version("v1")],
  more: object = {},
): Promise<Json> {
  await api.create(definitionsPath(), definitionOf(names, versions, more))
  return eventually(async () => {
    const definition = await api.get(definitionsPath(names.name))
    const conditions: Json[] = definition["status"].conditions ?? []
    return conditions.some(({ type, status }) => type === "Established" && status === "True") && definition
  }, `${names.name} is established`)
}

/** Installs definitions for the time of `work`. */
export async function withDefinition(
  api: Api,
  names: Definition,
  versions: readonly Json[] | undefined,
  work: (definition: Json) => Promise<void>,
  more: object = {},
): Promise<void> {
  const definition = await installDefinition(api, names, versions, more)
  try {
    await work(definition)
  } finally {
    await api.delete(definitionsPath(names.name))
  }
}
