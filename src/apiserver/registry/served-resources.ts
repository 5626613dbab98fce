import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { StoredObject } from "../watch-cache/stored-object.ts"
import type { Registry } from "./registry.ts"
import type { Strategy } from "./strategy.ts"

/** One version of one resource as it is served. The registry is shared by all versions. */
export interface ServedResource {
  /** Declared by a CustomResourceDefinition. */
  readonly isCustom: boolean
  readonly resource: Resource
  readonly registry: Registry
  readonly strategy: Strategy
  /** From the stored version to this one and back; the same object where they are one. */
  readonly fromStorage: (object: KubeObject) => KubeObject
  readonly toStorage: (object: KubeObject) => KubeObject
}

/** Which resources there are now; CustomResourceDefinitions come and go. */
export class ServedResources {
  readonly #served = new Map<string, ServedResource>()
  readonly #listeners = new Set<() => void>()

  add(served: ServedResource): void {
    const { group, version, plural } = served.resource
    this.#served.set(`${group}/${version}/${plural}`, served)
    for (const listener of this.#listeners) listener()
  }

  remove({ group, version, plural }: Pick<Resource, "group" | "version" | "plural">): void {
    this.#served.delete(`${group}/${version}/${plural}`)
    for (const listener of this.#listeners) listener()
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#served.get(`${group}/${version}/${plural}`)
  }

  /** The served version in which `resource` is declared. Throws when it is not served: a mistake of the caller. */
  get({ group, version, plural }: Pick<Resource, "group" | "version" | "plural">): ServedResource {
    const served = this.find(group, version, plural)
    if (!served) throw new Error(`${plural}.${version}.${group} is not served`)
    return served
  }

  /** Any served version of a group's resource. */
  findAnyVersion(group: string, plural: string): ServedResource | undefined {
    for (const served of this.#served.values()) {
      if (served.resource.group === group && served.resource.plural === plural) return served
    }
    return undefined
  }

  all(): readonly ServedResource[] {
    return [...this.#served.values()]
  }

  /** Called after every change; for what is derived (discovery, OpenAPI). */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }
}

/** The state in a served version: frozen, made once. */
export function objectAs(served: ServedResource, stored: StoredObject): KubeObject {
  if (served.resource === served.registry.storage) return stored.object
  stored.conversions ??= new Map()
  let object = stored.conversions.get(served)
  if (!object) stored.conversions.set(served, (object = served.fromStorage(stored.object)))
  return object
}
