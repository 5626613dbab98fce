import { APIService } from "../../api/apiregistration/v1/api-service.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { ObjectFollower } from "../authorization/object-follower.ts"

/** Which groups and versions another server answers for, and which one. */
export class ApiServices implements ObjectFollower {
  readonly resources = [APIService]
  readonly #remote = new Map<string, APIService>()
  readonly #listeners = new Set<(name: string) => void>()

  /** Undefined: this server answers itself, if anybody does. */
  find(group: string, version: string): APIService | undefined {
    return this.#remote.get(`${group}/${version}`)
  }

  remote(): readonly APIService[] {
    return [...this.#remote.values()]
  }

  /** Told of every change of an APIService, by name. */
  onChange(listener: (name: string) => void): void {
    this.#listeners.add(listener)
  }

  put(object: KubeObject): void {
    const apiService = object as APIService
    const key = keyOf(apiService)
    if (apiService.spec.service) this.#remote.set(key, apiService)
    else this.#remote.delete(key)
    for (const listener of this.#listeners) listener(object.metadata.name)
  }

  remove(object: KubeObject): void {
    this.#remote.delete(keyOf(object as APIService))
    for (const listener of this.#listeners) listener(object.metadata.name)
  }
}

function keyOf({ spec }: APIService): string {
  return `${spec.group ?? ""}/${spec.version ?? ""}`
}

export function isAvailable({ status }: APIService): boolean {
  return (
    status.conditions?.some(({ type, status: state }) => type === "Available" && state === "True") ?? false
  )
}
