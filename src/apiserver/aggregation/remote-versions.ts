import type { APIService } from "../../api/apiregistration/v1/api-service.ts"
import type { OtherVersion, VersionDiscovery } from "../../api/discovery.ts"
import { discoveryOfList } from "../../api/discovery-of-list.ts"
import { parseJson } from "../../apimachinery/codec/json.ts"
import type { Clock } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import type { Cache } from "../../client/cache.ts"
import type { Backends } from "../streaming/backends.ts"
import { fetchWithin } from "../streaming/fetch-within.ts"
import type { ApiServices } from "./api-services.ts"
import { aggregatorUser, extensionTarget } from "./extension-server.ts"

export interface RemoteVersionsOptions {
  readonly apiServices: ApiServices
  readonly backends: Backends
  readonly cache: Cache
  readonly random: Random
  readonly clock: Clock
}

interface Told {
  readonly discovery: VersionDiscovery | undefined
  readonly openApiV2: Json | undefined
  readonly openApiV3: Json | undefined
}

type Json = { readonly [name: string]: unknown }

const acceptDiscovery =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"

/** What extension API servers tell about themselves, asked for again and again: discovery and OpenAPI. */
export class RemoteVersions {
  readonly #options: RemoteVersionsOptions
  /** By name of the APIService. */
  readonly #told = new Map<string, Told>()
  readonly #listeners = new Set<() => void>()

  constructor(options: RemoteVersionsOptions) {
    this.#options = options
    options.apiServices.onChange(() => this.#changed())
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** Every version that another server answers for, available or not: what it told last, marked stale if that failed. */
  all(): readonly OtherVersion[] {
    return this.#options.apiServices.remote().map(({ metadata, spec }) => ({
      group: spec.group ?? "",
      version: spec.version ?? "",
      groupPriority: spec.groupPriorityMinimum,
      versionPriority: spec.versionPriority,
      discovery: this.#told.get(metadata.name)?.discovery ?? {
        version: spec.version ?? "",
        freshness: "Stale",
      },
    }))
  }

  /** Documents of OpenAPI v3 by path: "apis/metrics.k8s.io/v1beta1". */
  openApiV3(): ReadonlyMap<string, Json> {
    const documents = new Map<string, Json>()
    for (const { metadata, spec } of this.#options.apiServices.remote()) {
      const document = this.#told.get(metadata.name)?.openApiV3
      if (document) documents.set(`apis/${spec.group}/${spec.version}`, document)
    }
    return documents
  }

  openApiV2(): readonly { readonly prefix: string; readonly document: Json }[] {
    return this.#options.apiServices.remote().flatMap(({ metadata, spec }) => {
      const document = this.#told.get(metadata.name)?.openApiV2
      return document ? [{ prefix: `/apis/${spec.group}/${spec.version}/`, document }] : []
    })
  }

  forget(name: string): void {
    if (this.#told.delete(name)) this.#changed()
  }

  /** Asks a server that is there. What it does not tell any more is kept, as stale. */
  async refresh(apiService: APIService): Promise<void> {
    const { name } = apiService.metadata
    const { group = "", version = "" } = apiService.spec
    const old = this.#told.get(name)
    const [discovery, openApiV2, openApiV3] = await Promise.all([
      this.#discovery(apiService).catch(() => stale(old?.discovery, version)),
      this.#fetchJson(apiService, "/openapi/v2", "application/json").catch(() => old?.openApiV2),
      this.#fetchJson(apiService, `/openapi/v3/apis/${group}/${version}`, "application/json").catch(
        () => old?.openApiV3,
      ),
    ])
    this.#told.set(name, { discovery, openApiV2, openApiV3 })
    if (JSON.stringify(this.#told.get(name)) !== JSON.stringify(old)) this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }

  /** From the server's aggregated discovery; older servers have only a list per version. */
  async #discovery(apiService: APIService): Promise<VersionDiscovery> {
    const { group = "", version = "" } = apiService.spec
    const list = await this.#fetchJson(apiService, "/apis", acceptDiscovery).catch(() => undefined)
    if (list?.["kind"] === "APIGroupDiscoveryList") {
      const groups = (list["items"] ?? []) as { metadata?: { name?: string }; versions: VersionDiscovery[] }[]
      const found = groups
        .find(({ metadata }) => metadata?.name === group)
        ?.versions.find((each) => each.version === version)
      if (found) return { ...found, freshness: "Current" }
    }
    const path = `/apis/${group}/${version}`
    return discoveryOfList(await this.#fetchJson(apiService, path, "application/json"), version)
  }

  async #fetchJson(apiService: APIService, path: string, accept: string): Promise<Json> {
    const target = extensionTarget(this.#options, apiService, path, aggregatorUser, { accept })
    const { status, body } = await fetchWithin(this.#options, target, 5000)
    if (status !== 200) throw new Error(`${path} answered ${status}`)
    return parseJson(body) as Json
  }
}

function stale(old: VersionDiscovery | undefined, version: string): VersionDiscovery {
  return { version, ...old, freshness: "Stale" }
}
