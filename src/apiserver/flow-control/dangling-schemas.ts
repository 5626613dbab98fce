import { FlowSchema, type FlowSchemaCondition } from "../../api/flowcontrol/v1/flow-schema.ts"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import { formatGroupVersion } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { quote } from "../../base/quote.ts"
import { SyncLoop } from "../../base/sync-loop.ts"
import type { Cache } from "../../client/cache.ts"
import type { Client } from "../../client/client.ts"
import type { ObjectFollower } from "../authorization/object-follower.ts"

const fieldManager = "api-priority-and-fairness-config-consumer-v1"

export interface DanglingSchemasOptions {
  readonly cache: Cache
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Says of each FlowSchema whether the priority level that it names is there.
 *
 * Reads FlowSchemas and PriorityLevelConfigurations, writes the status of the former. Woken by every change of either.
 */
export class DanglingSchemas implements ObjectFollower {
  readonly resources = [FlowSchema, PriorityLevelConfiguration]
  readonly #options: DanglingSchemasOptions
  readonly #loop: SyncLoop

  constructor(options: DanglingSchemasOptions) {
    this.#options = options
    const { clock, log } = options
    this.#loop = new SyncLoop({ clock, log, sync: () => this.#sync(), inspectionMs: 600_000 })
  }

  put(): void {
    this.#loop.trigger()
  }

  remove(): void {
    this.#loop.trigger()
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#loop.run(signal)
  }

  /** Resolves when everything that has happened so far has been told. */
  settled(): Promise<void> {
    return this.#loop.settled()
  }

  async #sync(): Promise<void> {
    await Promise.all(this.#options.cache.list(FlowSchema).map((schema) => this.#tell(schema)))
  }

  async #tell(schema: FlowSchema): Promise<void> {
    const { cache, client, clock } = this.#options
    const exists =
      cache.find(PriorityLevelConfiguration, schema.spec.priorityLevelConfiguration) !== undefined
    const condition = planCondition(schema, exists, formatTime(clock.now()))
    if (!condition) return
    const { name } = schema.metadata
    const body = {
      apiVersion: formatGroupVersion(FlowSchema),
      kind: FlowSchema.kind,
      metadata: { name },
      status: { conditions: [condition] },
    }
    const options = { fieldManager, subresource: "status" as const }
    await client
      .patch(FlowSchema, { name }, { type: "apply", body, force: true }, options)
      .catch(ignoreNotFound)
  }
}

/** The condition as it should be; undefined where it is so already. */
export function planCondition(
  { spec, status }: FlowSchema,
  exists: boolean,
  now: string,
): FlowSchemaCondition | undefined {
  const { name } = spec.priorityLevelConfiguration
  const wanted = exists ? "False" : "True"
  const current = status.conditions?.find(({ type }) => type === "Dangling")
  const about = `This FlowSchema references the PriorityLevelConfiguration object named ${quote(name)}`
  const message = `${about} ${exists ? "and it exists" : "but there is no such object"}`
  if (current?.status === wanted && current.message === message) return undefined
  return {
    type: "Dangling",
    status: wanted,
    reason: exists ? "Found" : "NotFound",
    message,
    lastTransitionTime: current?.status === wanted ? current.lastTransitionTime : now,
  }
}
