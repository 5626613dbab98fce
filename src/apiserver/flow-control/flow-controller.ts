import { byPrecedence, FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import { mandatoryLevels, mandatorySchemas } from "../../api/flowcontrol/mandatory.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import { onAbort } from "../../base/on-abort.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import type { ObjectFollower } from "../authorization/object-follower.ts"
import type { RequestInfo } from "../request-info.ts"
import { configureLevels } from "./configure-levels.ts"
import { matchesRequest, requesterOf } from "./match-request.ts"
import { planLimits } from "./plan-limits.ts"
import { PriorityLevel } from "./priority-level.ts"
import type { Flow } from "./queue.ts"
import { hashFlow } from "./shuffle-sharding.ts"

/** Where a request belongs. */
export interface Classified {
  readonly schema: FlowSchema
  readonly configuration: PriorityLevelConfiguration
  readonly level: PriorityLevel
  readonly flow: Flow
}

/** So often seats that are not needed go to levels that need them. */
const borrowingPeriodMs = 10_000

/** The cluster's FlowSchemas and priority levels at work. Follows the objects, so a change acts at once. */
export class FlowController implements ObjectFollower {
  readonly resources = [FlowSchema, PriorityLevelConfiguration]
  readonly #totalSeats: number
  readonly #clock: Clock
  readonly #schemas = new Map<string, FlowSchema>()
  readonly #configurations = new Map<string, PriorityLevelConfiguration>()
  readonly #levels = new Map<string, PriorityLevel>()
  #ordered: readonly FlowSchema[] | undefined = undefined
  #fairFraction = 0
  /** Ends the rest, while there is one. */
  #wake: (() => void) | undefined = undefined

  /** @param totalSeats how many seats the server has */
  constructor(totalSeats: number, clock: Clock) {
    this.#totalSeats = totalSeats
    this.#clock = clock
    // There from the first request on, whatever the store says.
    for (const schema of mandatorySchemas) this.#schemas.set(schema.metadata.name, schema)
    for (const each of mandatoryLevels) this.#configurations.set(each.metadata.name, each)
    this.#configure()
  }

  get levels(): Iterable<PriorityLevel> {
    return this.#levels.values()
  }

  /** The part of what it wants that each level gets which no bound holds back. */
  get fairFraction(): number {
    return this.#fairFraction
  }

  /**
   * Shares out the seats again and again, until `signal` aborts. While every level has far more than it needs there is
   * nothing to share, and it rests.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#clock, borrowingPeriodMs, signal)
      if (signal.aborted) return
      this.shareOut()
      if (!this.#isBusy) await this.#becomesBusy(signal)
    }
  }

  get #isBusy(): boolean {
    return [...this.#levels.values()].some(
      (level) => usesMuch(level) || takesMuch(level, level.demand.demand.highWatermark),
    )
  }

  #becomesBusy(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const forget = onAbort(signal, resolve)
      this.#wake = () => {
        this.#wake = undefined
        forget()
        resolve()
      }
    })
  }

  put(object: KubeObject): void {
    if (object.kind === FlowSchema.kind) {
      this.#schemas.set(object.metadata.name, object as unknown as FlowSchema)
      this.#ordered = undefined
    } else {
      this.#configurations.set(object.metadata.name, object as unknown as PriorityLevelConfiguration)
      this.#configure()
    }
  }

  remove({ kind, metadata: { name } }: KubeObject): void {
    if (kind === FlowSchema.kind) {
      removeOrReset(this.#schemas, name, mandatorySchemas)
      this.#ordered = undefined
    } else {
      removeOrReset(this.#configurations, name, mandatoryLevels)
      this.#configure()
    }
  }

  classify(info: RequestInfo, user: UserInfo): Classified {
    const requester = requesterOf(user)
    for (const schema of this.#inOrder()) {
      const configuration = this.#configurations.get(schema.spec.priorityLevelConfiguration.name)
      // A schema whose level is not there is as if it were not there itself.
      if (!configuration || !matchesRequest(schema, info, requester)) continue
      const level = this.#levels.get(configuration.metadata.name)!
      if (this.#wake && usesMuch(level)) this.#wake()
      return { schema, configuration, level, flow: flowOf(schema, info, user) }
    }
    throw new Error("the flow schema catch-all does not catch all")
  }

  /** A period ends: what each level needed in it says what it may take in the next. */
  shareOut(): void {
    const now = this.#clock.monotonic() / 1000
    for (const [name, level] of this.#levels) if (level.isQuiescing && level.isIdle) this.#levels.delete(name)
    const levels = [...this.#levels.values()]
    const demands = levels.map(({ configuration, demand, limit }) => {
      demand.endPeriod(now)
      const { highWatermark, smoothed } = demand.demand
      return { ...configuration, highWatermark: Math.round(highWatermark), smoothed, current: limit }
    })
    const { limits, targets, fairFraction } = planLimits(demands)
    this.#fairFraction = fairFraction
    for (const [index, level] of levels.entries()) {
      level.target = targets[index]!
      level.setLimit(limits[index]!)
    }
  }

  #inOrder(): readonly FlowSchema[] {
    return (this.#ordered ??= [...this.#schemas.values()].sort(byPrecedence))
  }

  /** Shares become seats whenever a level comes, goes or changes. */
  #configure(): void {
    for (const [name, configuration] of configureLevels(
      [...this.#configurations.values()],
      this.#totalSeats,
    )) {
      const level = this.#levels.get(name)
      if (level) level.configure(configuration)
      else this.#levels.set(name, new PriorityLevel(name, configuration, this.#clock))
    }
    for (const [name, level] of this.#levels) level.isQuiescing = !this.#configurations.has(name)
    this.shareOut()
  }
}

/** What is mandatory is there, whatever the store says. */
function removeOrReset<T extends KubeObject>(
  objects: Map<string, T>,
  name: string,
  mandatory: readonly T[],
): void {
  const fallback = mandatory.find(({ metadata }) => metadata.name === name)
  if (fallback) objects.set(name, fallback)
  else objects.delete(name)
}

function usesMuch(level: PriorityLevel): boolean {
  return level.waiting > 0 || takesMuch(level, level.seatsInUse)
}

/** Who is exempt takes what he wants. */
function takesMuch({ configuration, limit }: PriorityLevel, seats: number): boolean {
  return !configuration.isExempt && seats * 4 >= limit
}

function flowOf({ metadata, spec }: FlowSchema, { namespace }: RequestInfo, { name }: UserInfo): Flow {
  const by = spec.distinguisherMethod?.type
  const distinguisher = by === "ByUser" ? name : by === "ByNamespace" ? namespace : ""
  return { schema: metadata.name, distinguisher, hash: hashFlow(metadata.name, distinguisher) }
}
