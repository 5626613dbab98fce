import { FlowSchema } from "../../api/flowcontrol/v1/flow-schema.ts"
import { PriorityLevelConfiguration } from "../../api/flowcontrol/v1/priority-level-configuration.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import type { ObjectFollower } from "../authorization/object-follower.ts"
import type { RequestInfo } from "../request-info.ts"
import { mandatoryLevels, mandatorySchemas } from "../../api/flowcontrol/mandatory.ts"
import { matchesRequest } from "./match-request.ts"
import { type LevelConfiguration, PriorityLevel } from "./priority-level.ts"

/** Where a request belongs. */
export interface Classified {
  readonly schema: FlowSchema
  readonly configuration: PriorityLevelConfiguration
  /** Undefined: its requests are never held up. */
  readonly level: PriorityLevel | undefined
  /** Tells the flows of a level apart. */
  readonly flowHash: number
}

/** The cluster's FlowSchemas and priority levels at work. Follows the objects, so a change acts at once. */
export class FlowController implements ObjectFollower {
  readonly resources = [FlowSchema, PriorityLevelConfiguration]
  readonly #totalSeats: number
  readonly #schemas = new Map<string, FlowSchema>()
  readonly #configurations = new Map<string, PriorityLevelConfiguration>()
  readonly #levels = new Map<string, PriorityLevel>()
  #ordered: readonly FlowSchema[] | undefined = undefined

  /** @param totalSeats how many requests the server runs at once */
  constructor(totalSeats: number) {
    this.#totalSeats = totalSeats
    // There from the first request on, whatever the store says.
    for (const schema of mandatorySchemas) this.#schemas.set(schema.metadata.name, schema)
    for (const each of mandatoryLevels) this.#configurations.set(each.metadata.name, each)
    this.#configure()
  }

  get levels(): Iterable<PriorityLevel> {
    return this.#levels.values()
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
      const fallback = mandatorySchemas.find((each) => each.metadata.name === name)
      if (fallback) this.#schemas.set(name, fallback)
      else this.#schemas.delete(name)
      this.#ordered = undefined
      return
    }
    const fallback = mandatoryLevels.find((each) => each.metadata.name === name)
    if (fallback) this.#configurations.set(name, fallback)
    else this.#configurations.delete(name)
    this.#configure()
  }

  classify(info: RequestInfo, user: UserInfo): Classified {
    for (const schema of this.#inOrder()) {
      const configuration = this.#configurations.get(schema.spec.priorityLevelConfiguration.name)
      // A schema whose level is not there is as if it were not there itself.
      if (!configuration || !matchesRequest(schema, info, user)) continue
      const level = this.#levels.get(configuration.metadata.name)
      return { schema, configuration, level, flowHash: hashFlow(schema, info, user) }
    }
    throw new Error("the flow schema catch-all does not catch all")
  }

  #inOrder(): readonly FlowSchema[] {
    return (this.#ordered ??= [...this.#schemas.values()].sort(
      (a, b) =>
        a.spec.matchingPrecedence - b.spec.matchingPrecedence || (a.metadata.name < b.metadata.name ? -1 : 1),
    ))
  }

  /** Shares become seats whenever a level comes, goes or changes. */
  #configure(): void {
    const limited = [...this.#configurations.values()].filter(({ spec }) => spec.type === "Limited")
    const shares = limited.reduce((sum, { spec }) => sum + sharesOf(spec), 0)
    const names = new Set(limited.map(({ metadata }) => metadata.name))
    for (const name of this.#levels.keys()) if (!names.has(name)) this.#levels.delete(name)
    for (const { metadata, spec } of limited) {
      const configuration = configurationOf(spec, this.#totalSeats, shares)
      const level = this.#levels.get(metadata.name)
      if (level) level.configure(configuration)
      else this.#levels.set(metadata.name, new PriorityLevel(metadata.name, configuration, this.#spare))
    }
  }

  /** What the other levels lend, less what is borrowed already. */
  readonly #spare = (asking: PriorityLevel): number => {
    let spare = 0
    for (const level of this.#levels.values()) {
      if (level !== asking) spare += level.unused
      spare -= level.borrowed
    }
    return spare
  }
}

function sharesOf({ limited }: PriorityLevelConfiguration["spec"]): number {
  return limited?.nominalConcurrencyShares ?? 0
}

function configurationOf(
  spec: PriorityLevelConfiguration["spec"],
  totalSeats: number,
  totalShares: number,
): LevelConfiguration {
  const { limited } = spec
  const seats = totalShares === 0 ? 0 : Math.ceil((totalSeats * sharesOf(spec)) / totalShares)
  const { type, queuing } = limited?.limitResponse ?? { type: "Reject" }
  const borrowing = limited?.borrowingLimitPercent
  return {
    seats,
    lendable: Math.round((seats * (limited?.lendablePercent ?? 0)) / 100),
    ...(borrowing !== undefined && { mayBorrow: Math.round((seats * borrowing) / 100) }),
    ...(type === "Queue" && queuing && { queuing }),
  }
}

function hashFlow({ metadata, spec }: FlowSchema, { namespace }: RequestInfo, { name }: UserInfo): number {
  const by = spec.distinguisherMethod?.type
  const distinguisher = by === "ByUser" ? name : by === "ByNamespace" ? namespace : ""
  const text = `${metadata.name}/${distinguisher}`
  let hash = 2166136261
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 16777619)
  return hash >>> 0
}
