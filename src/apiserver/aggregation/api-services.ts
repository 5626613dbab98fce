import { APIService } from "../../api/apiregistration/v1/api-service.ts"
import { Service } from "../../api/core/v1/service.ts"
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { ObjectFollower } from "../authorization/object-follower.ts"

/** Which groups and versions another server answers for, and which one. */
export class ApiServices implements ObjectFollower {
  /** By their Services and these' endpoints other servers are reached. */
  readonly resources = [APIService, Service, EndpointSlice]
  readonly #remote = new Map<string, APIService>()
  readonly #listeners = new Set<(name: string) => void>()

  /** Undefined: this server answers itself, if anybody does. */
  find(group: string, version: string): APIService | undefined {
    return this.#remote.get(`${group}/${version}`)
  }

  remote(): readonly APIService[] {
    return [...this.#remote.values()]
  }

  /** Told of every change of an APIService, or of what leads to it, by name. */
  onChange(listener: (name: string) => void): void {
    this.#listeners.add(listener)
  }

  put(object: KubeObject): void {
    if (object.kind !== APIService.kind) return this.#tellServed(object)
    const apiService = object as APIService
    const key = keyOf(apiService)
    if (apiService.spec.service) this.#remote.set(key, apiService)
    else this.#remote.delete(key)
    this.#tell(object.metadata.name)
  }

  remove(object: KubeObject): void {
    if (object.kind !== APIService.kind) return this.#tellServed(object)
    this.#remote.delete(keyOf(object as APIService))
    this.#tell(object.metadata.name)
  }

  #tell(name: string): void {
    for (const listener of this.#listeners) listener(name)
  }

  /** A Service, or a slice of its endpoints, is another than it was. */
  #tellServed({ kind, metadata: { namespace, name, labels } }: KubeObject): void {
    const service = kind === Service.kind ? name : labels?.["kubernetes.io/service-name"]
    for (const { metadata, spec } of this.#remote.values())
      if (spec.service?.name === service && spec.service?.namespace === namespace) this.#tell(metadata.name)
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
