import type { KubeObject } from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import type { Registry } from "./registry.ts"
import type { Strategy } from "./strategy.ts"

/** One version of one resource as it is served. The registry is shared by all versions. */
export interface ServedResource {
  /** Declared by a CustomResourceDefinition. */
  readonly isCustom: boolean
  readonly resource: Resource
  readonly registry: Registry
  readonly strategy: Strategy
  /**
   * From the stored version to this one and back; the same object where they are one. For custom resources in any version
   * that is declared, which says its own `apiVersion`; not asked where there is `convert`.
   */
  readonly fromStorage: (object: KubeObject) => KubeObject
  readonly toStorage: (object: KubeObject) => KubeObject
  /** Where only a webhook knows how: objects of other versions in the version that is asked for, in their order. */
  readonly convert?: ConvertObjects
  /** Told to everybody who uses this version. */
  readonly deprecationWarning?: string
  /** Its definition is being deleted: objects may go, and none may come. */
  readonly isEnding?: boolean
}

export type ConvertObjects = (
  objects: readonly KubeObject[],
  apiVersion: string,
  signal: AbortSignal,
) => Promise<readonly KubeObject[]>

/** Which resources there are now; CustomResourceDefinitions come and go. */
export class ServedResources {
  readonly #served = new Map<string, ServedResource>()
  readonly #listeners = new Set<() => void>()

  add(served: ServedResource): void {
    this.replace([], [served])
  }

  /** Takes some away and adds others as one change. */
  replace(old: readonly ServedResource[], next: readonly ServedResource[]): void {
    for (const { resource } of old) this.#served.delete(keyOf(resource))
    for (const served of next) this.#served.set(keyOf(served.resource), served)
    for (const listener of this.#listeners) listener()
  }

  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#served.get(keyOf({ group, version, plural }))
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

function keyOf({ group, version, plural }: Pick<Resource, "group" | "version" | "plural">): string {
  return `${group}/${version}/${plural}`
}
