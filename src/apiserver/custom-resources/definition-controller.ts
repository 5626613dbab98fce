import {
  CustomResourceDefinition,
  type CustomResourceDefinitionStatus,
} from "../../api/apiextensions/v1/custom-resource-definition.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { ignoreConflict, ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { onAbort } from "../../base/on-abort.ts"
import type { Cache } from "../../client/cache.ts"
import type { Client } from "../../client/client.ts"
import { WorkQueue } from "../../client/work-queue.ts"
import type { ObjectFollower } from "../authorization/object-follower.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import { cleanupFinalizer, isTrue, type Verdict, withCondition } from "./conditions.ts"
import type { CustomResources } from "./custom-resources.ts"
import { planStatus } from "./plan-status.ts"

/** How long and how often one waits for objects that finalizers hold before trying again from the start. */
const waitMs = 60_000
const pollMs = 100

export interface DefinitionControllerOptions {
  readonly cache: Cache
  readonly client: Client
  readonly customResources: CustomResources
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Says of each CustomResourceDefinition which names it got and whether it is served, and sees off the objects of one that
 * is deleted.
 *
 * Reads and writes CustomResourceDefinitions; deletes custom resources. Woken by every change of a definition, and by the
 * end of another of the same group, whose names become free. One at a time: two must not get the same name.
 */
export class DefinitionController implements ObjectFollower {
  readonly resources = [CustomResourceDefinition]
  readonly #options: DefinitionControllerOptions
  readonly #queue: WorkQueue

  constructor(options: DefinitionControllerOptions) {
    this.#options = options
    this.#queue = new WorkQueue({ clock: options.clock })
  }

  put({ metadata }: KubeObject): void {
    this.#queue.add(metadata.name)
  }

  remove(object: KubeObject): void {
    this.#wakeOthers(object as CustomResourceDefinition)
  }

  async run(signal: AbortSignal): Promise<void> {
    onAbort(signal, () => this.#queue.close())
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      try {
        await this.#reconcile(key, signal)
        this.#queue.forget(key)
      } catch (error) {
        if (signal.aborted) return
        const retryInMs = this.#queue.retry(key)
        this.#options.log.warn("a definition could not be seen to", { key, retryInMs, error: String(error) })
      }
      this.#queue.done(key)
    }
  }

  async #reconcile(name: string, signal: AbortSignal): Promise<void> {
    const { cache, clock } = this.#options
    const definition = cache.find(CustomResourceDefinition, { name })
    if (!definition) return
    if (definition.metadata.deletionTimestamp) {
      // Others need not wait for objects that are held.
      if (definition.metadata.finalizers?.includes(cleanupFinalizer)) void this.#cleanUp(definition, signal)
      return
    }
    const { group } = definition.spec
    const sameGroup = cache.list(CustomResourceDefinition, { where: ({ spec }) => spec.group === group })
    const status = planStatus(definition, sameGroup, formatTime(clock.now()))
    if (deepEqual(status, definition.status)) return
    await this.#writeStatus(definition, status).catch(ignoreNotFound).catch(ignoreConflict)
    if (!deepEqual(status.acceptedNames, definition.status.acceptedNames)) this.#wakeOthers(definition)
  }

  #wakeOthers({ metadata, spec }: CustomResourceDefinition): void {
    for (const other of this.#options.cache.list(CustomResourceDefinition))
      if (other.spec.group === spec.group && other.metadata.name !== metadata.name)
        this.#queue.add(other.metadata.name)
  }

  readonly #cleaning = new Set<string>()

  async #cleanUp(definition: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
    const { uid, name } = definition.metadata
    if (this.#cleaning.has(uid)) return
    this.#cleaning.add(uid)
    try {
      await this.#deleteInstances(definition, signal)
    } catch (error) {
      if (isStatusError(error, "NotFound") || signal.aborted) return
      this.#options.log.debug("objects of a definition are still there", { name, error: String(error) })
      this.#queue.retry(name)
    } finally {
      this.#cleaning.delete(uid)
    }
  }

  async #deleteInstances(definition: CustomResourceDefinition, signal: AbortSignal): Promise<void> {
    const current = await this.#say(definition, inProgress)
    if (!isTrue(current, "Established")) return this.#release(current, neverEstablished)
    const instances = this.#options.customResources.instancesOf(current.metadata.name)
    try {
      await instances?.deleteAll()
    } catch (error) {
      await this.#say(current, failed(`could not issue all deletes: ${(error as Error).message}`))
      throw error
    }
    const deadline = this.#options.clock.monotonic() + waitMs
    while ((instances?.count() ?? 0) > 0) {
      if (this.#options.clock.monotonic() > deadline) {
        await this.#say(current, notConfirmed)
        throw new Error(notConfirmed.message)
      }
      await sleep(this.#options.clock, pollMs, signal)
      if (signal.aborted) return
    }
    await this.#release(current, completed)
  }

  async #say(definition: CustomResourceDefinition, verdict: Verdict): Promise<CustomResourceDefinition> {
    const { clock, cache } = this.#options
    const current = cache.find(CustomResourceDefinition, definition.metadata) ?? definition
    const conditions = withCondition(current.status.conditions ?? [], verdict, formatTime(clock.now()))
    if (deepEqual(conditions, current.status.conditions)) return current
    return this.#writeStatus(current, { ...current.status, conditions })
  }

  /** The last word, and the finalizer goes; with it the definition, unless others hold it. */
  async #release(definition: CustomResourceDefinition, verdict: Verdict): Promise<void> {
    const said = await this.#say(definition, verdict)
    const finalizers = said.metadata.finalizers?.filter((name) => name !== cleanupFinalizer) ?? []
    const released = { ...said, metadata: { ...said.metadata, finalizers } }
    await this.#options.client.update(CustomResourceDefinition, released)
  }

  #writeStatus(
    definition: CustomResourceDefinition,
    status: CustomResourceDefinitionStatus,
  ): Promise<CustomResourceDefinition> {
    return this.#options.client.updateStatus(CustomResourceDefinition, { ...definition, status })
  }
}

const type = "Terminating"

const inProgress: Verdict = {
  type,
  status: "True",
  reason: "InstanceDeletionInProgress",
  message: "CustomResource deletion is in progress",
}

const completed: Verdict = {
  type,
  status: "False",
  reason: "InstanceDeletionCompleted",
  message: "removed all instances",
}

const neverEstablished: Verdict = {
  type,
  status: "False",
  reason: "NeverEstablished",
  message: "resource was never established",
}

const notConfirmed: Verdict = {
  type,
  status: "True",
  reason: "InstanceDeletionCheck",
  message: "could not confirm zero CustomResources remaining: context deadline exceeded",
}

function failed(message: string): Verdict {
  return { type, status: "True", reason: "InstanceDeletionFailed", message }
}
