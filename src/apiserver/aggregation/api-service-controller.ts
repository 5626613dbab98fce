import { APIService } from "../../api/apiregistration/v1/api-service.ts"
import { ignoreAlreadyExists, ignoreConflict, ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { groupResource } from "../../apimachinery/resource.ts"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { onAbort } from "../../base/on-abort.ts"
import type { Cache } from "../../client/cache.ts"
import type { Client } from "../../client/client.ts"
import { WorkQueue } from "../../client/work-queue.ts"
import type { ServedResources } from "../registry/served-resources.ts"
import type { ServerParts } from "../server-parts.ts"
import type { Backends } from "../streaming/backends.ts"
import { fetchWithin } from "../streaming/fetch-within.ts"
import type { ServerMetrics } from "../metrics/server-metrics.ts"
import { type ApiServices, isAvailable } from "./api-services.ts"
import {
  failedDiscoveryCheck,
  findObstacle,
  local,
  passed,
  type Verdict,
  withAvailability,
} from "./availability.ts"
import { aggregatorUser, extensionTarget } from "./extension-server.ts"
import { planApiServices } from "./plan-api-services.ts"
import type { RemoteVersions } from "./remote-versions.ts"

export interface ApiServiceControllerOptions {
  readonly resources: ServedResources
  readonly apiServices: ApiServices
  readonly remoteVersions: RemoteVersions | undefined
  readonly computed: ServerParts["computed"]
  readonly backends: Backends | undefined
  readonly cache: Cache
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly metrics: Pick<ServerMetrics, "aggregation">
}

/** How often servers that are well are looked at. */
const recheckMs = 30_000
/** The key for what this server answers for itself; no APIService is called so. */
const registration = " "

/**
 * Keeps the list of who answers for which group and version, and says of each whether it is there.
 *
 * Reads and writes APIServices; reads Services and their endpoints; asks extension API servers for their discovery. Woken
 * by changes of what is served, of APIServices and of what leads to them, and every 30 seconds for servers elsewhere.
 */
export class ApiServiceController {
  readonly #options: ApiServiceControllerOptions
  readonly #queue: WorkQueue
  #becomeRegistered: () => void = () => {}
  /** Resolves when there is an APIService for each of this server's own groups and versions, or there shall be none. */
  readonly registered = new Promise<void>((resolve) => (this.#becomeRegistered = resolve))

  constructor(options: ApiServiceControllerOptions) {
    this.#options = options
    this.#queue = new WorkQueue({ clock: options.clock, initialBackoffMs: 50, maxBackoffMs: recheckMs })
    options.apiServices.onChange((name) => this.#queue.add(name))
  }

  /** @param registers whether there are APIServices for this server's own groups */
  async run(signal: AbortSignal, registers: boolean): Promise<void> {
    onAbort(signal, () => this.#queue.close())
    if (registers) {
      this.#options.resources.onChange(() => this.#queue.add(registration))
      this.#queue.add(registration)
    } else this.#becomeRegistered()
    await Promise.all([this.#work(signal), this.#work(signal), this.#work(signal)])
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      try {
        const isWell = key === registration ? await this.#register() : await this.#check(key)
        if (isWell) this.#queue.forget(key)
        else this.#queue.retry(key)
      } catch (error) {
        if (signal.aborted) return
        this.#queue.retry(key)
        this.#options.log.debug("an APIService could not be seen to", { key, error: String(error) })
      }
      this.#queue.done(key)
    }
  }

  async #register(): Promise<boolean> {
    const { client, cache, resources, computed } = this.#options
    // What is only computed gives way to whoever comes with an APIService for it: the name stays free.
    const own = resources.all().filter(({ resource }) => !computed.has(groupResource(resource)))
    const plan = planApiServices(own, cache.list(APIService))
    await Promise.all([
      ...plan.create.map((each) => client.create(APIService, each).catch(ignoreAlreadyExists)),
      ...plan.update.map((each) => client.update(APIService, each).catch(ignoreConflict)),
      ...plan.remove.map(({ metadata: { name, uid } }) =>
        client
          .delete(APIService, { name }, { preconditions: { uid } })
          .catch(ignoreNotFound)
          .catch(ignoreConflict),
      ),
    ])
    this.#becomeRegistered()
    return true
  }

  /** Whether it is as it should be; otherwise it is looked at again soon. */
  async #check(name: string): Promise<boolean> {
    const { cache, client, clock, remoteVersions } = this.#options
    const apiService = cache.find(APIService, { name })
    if (!apiService?.spec.service) {
      remoteVersions?.forget(name)
      if (!apiService) return true
    }
    const verdict = apiService.spec.service ? await this.#judge(apiService) : local
    const conditions = withAvailability(apiService, verdict, formatTime(clock.now()))
    if (conditions) {
      if (isAvailable(apiService) && verdict.status !== "True")
        this.#options.metrics.aggregation.unavailable(name, verdict.reason ?? "UnknownReason")
      const status = { ...apiService.status, conditions }
      await client
        .updateStatus(APIService, { ...apiService, status })
        .catch(ignoreNotFound)
        .catch(ignoreConflict)
    }
    if (!apiService.spec.service) return true
    if (verdict.status === "True") {
      await remoteVersions?.refresh(apiService)
      this.#queue.addAfter(name, recheckMs)
    }
    return verdict.status === "True"
  }

  async #judge(apiService: APIService): Promise<Verdict> {
    const { cache, backends } = this.#options
    const obstacle = findObstacle(cache, apiService)
    if (obstacle) return obstacle
    if (!backends) return failedDiscoveryCheck("this server has no way to other servers")
    const problem = await this.#tryDiscovery(apiService, backends)
    return problem === undefined ? passed : failedDiscoveryCheck(problem)
  }

  async #tryDiscovery(apiService: APIService, backends: Backends): Promise<string | undefined> {
    const { group, version } = apiService.spec
    let url = ""
    try {
      const path = `/apis/${group}/${version}`
      const target = extensionTarget(this.#options, apiService, path, aggregatorUser)
      url = target.url.href
      const { status } = await fetchWithin({ ...this.#options, backends }, target, 5000)
      if (status >= 200 && status < 300) return undefined
      return `failing or missing response from ${url}: bad status from ${url}: ${status}`
    } catch (error) {
      const why = (error as Error).message.replace(/^error dialing backend: /, "")
      return url === "" ? why : `failing or missing response from ${url}: Get "${url}": ${why}`
    }
  }
}
