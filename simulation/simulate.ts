import { createClient } from "../src/client/create-client.ts"
import { isStatusError } from "../src/apimachinery/status-error.ts"
import { sleep } from "../src/base/clock.ts"
import { settle } from "../src/base/simulated/clock.ts"
import { allCheckers, watchedResources } from "./checkers/all-checkers.ts"
import type { Checker } from "./checkers/checker.ts"
import { watchStreams } from "./checkers/watch-streams.ts"
import { isFault, type Operation, type Plan, type Step, type UserOperation } from "./operations/operation.ts"
import { perform } from "./operations/perform.ts"
import { whyPending } from "./why-pending.ts"
import { FaultCounts } from "./world/fault-counts.ts"
import { History } from "./world/history.ts"
import { useSynchronousDigests } from "./world/synchronous-digests.ts"
import { prepareStore } from "./world/open-server.ts"
import { World } from "./world/world.ts"

export interface Report {
  readonly plan: Plan
  /** Undefined: every promise was kept, and everything came to rest. */
  readonly failure: string | undefined
  readonly faults: FaultCounts
  /** The store's last revision: of two runs of a plan it is the same. */
  readonly revision: number
  /** When everything was at rest, in simulated time. */
  readonly restedAtMs: number
}

/** Long enough for the longest back-off that a storm can have led to, and for pods to leave a node that was lost. */
const patienceMs = 900_000
const lookEveryMs = 5_000
/** Many times what the busiest world needs: who asks for more goes round in a circle. */
const mostRequests = 20_000

useSynchronousDigests()

let prepared: ReturnType<typeof prepareStore> | undefined

/**
 * One run of a world. Safety: while there are faults, no checker may find anything. Liveness: when they stop, everything
 * must come to rest as it was wished for; if not, the failure says what is still pending and why.
 */
export async function simulate(plan: Plan): Promise<Report> {
  const run = new Run(plan, await (prepared ??= prepareStore()))
  return run.report()
}

class Run {
  readonly #plan: Plan
  readonly #world: World
  readonly #history: History
  readonly #checkers: readonly Checker[]
  readonly #streams = watchStreams()
  /** Steps of the plan that have not ended. */
  readonly #underWay = new Set<Promise<void>>()
  readonly #counts = new FaultCounts()
  readonly #stop = new AbortController()
  #failure: string | undefined

  constructor(plan: Plan, store: Awaited<ReturnType<typeof prepareStore>>) {
    this.#plan = plan
    this.#checkers = [...allCheckers(plan), this.#streams]
    this.#history = new History(watchedResources, (change) => {
      const atMs = this.#world.clock.monotonic()
      for (const checker of this.#checkers)
        this.#found(checker, checker.observe?.({ ...change, atMs }, this.#history))
    })
    const observer = {
      started: (machine: string, pod: never) => {
        for (const checker of this.#checkers) this.#found(checker, checker.started?.(machine, pod))
      },
      stopped: (machine: string, pod: never) => {
        for (const checker of this.#checkers) checker.stopped?.(machine, pod)
      },
    }
    const counts = this.#counts
    const requests = new Map<string, number>()
    const onRequest = (name: string) => {
      const count = (requests.get(name) ?? 0) + 1
      requests.set(name, count)
      if (count > mostRequests) this.#failure ??= `${name} goes round in a circle: ${count} requests`
    }
    this.#world = new World({ ...plan, prepared: store, observer, counts, onRequest })
  }

  async report(): Promise<Report> {
    const { clock, store } = this.#world
    const following = this.#history.follow(store, this.#stop.signal)
    await this.#world.start()
    const watching = createClient(this.#world.roadOf("watcher"))
    void this.#streams.run(watching, clock, this.#stop.signal)
    await this.#storm()
    if (!this.#failure) await this.#calm()
    const restedAtMs = clock.monotonic()
    this.#stop.abort()
    await this.#world.stop()
    await following
    await settle()
    const { lastRevision } = this.#history
    return {
      plan: this.#plan,
      failure: this.#failure,
      faults: this.#counts,
      revision: lastRevision,
      restedAtMs,
    }
  }

  async #storm(): Promise<void> {
    const { clock } = this.#world
    for (const step of this.#plan.steps) {
      await this.#advanceTo(step.atMs)
      if (this.#failure) return
      const doing = this.#do(step).catch(() => {})
      this.#underWay.add(doing)
      void doing.finally(() => this.#underWay.delete(doing))
    }
    await this.#advanceTo(this.#plan.stormMs)
    await clock.advance(0)
  }

  async #calm(): Promise<void> {
    const { clock } = this.#world
    const healing = this.#world.heal()
    await clock.advance(0)
    await healing
    void this.#uncordonAll()
    const until = clock.monotonic() + patienceMs
    let unrested: string[] = []
    while (clock.monotonic() < until && !this.#failure) {
      await clock.advance(lookEveryMs)
      unrested = this.#unrested()
      if (unrested.length === 0) return
    }
    this.#failure ??= `not at rest ${patienceMs / 1000} s after the storm:\n${unrested.map((line) => `  ${line}`).join("\n")}`
  }

  /** Once nobody is still at closing nodes: a drain that began in the storm may end after it. */
  async #uncordonAll(): Promise<void> {
    await Promise.all(this.#underWay)
    for (let node = 1; node < this.#plan.nodes; node++)
      void this.#wish({ kind: "cordon", node, unschedulable: false })
  }

  /** What is still pending; once nothing is, what the checkers have to say about that. */
  #unrested(): string[] {
    const pending = whyPending(this.#history)
    if (pending.length > 0) return pending
    return this.#checkers.flatMap((checker) => {
      const found = checker.atRest?.(this.#history)
      return found ? [`${checker.name}: ${found}`] : []
    })
  }

  async #advanceTo(atMs: number): Promise<void> {
    const { clock } = this.#world
    const byMs = atMs - clock.monotonic()
    if (byMs > 0) await clock.advance(byMs)
  }

  async #do({ operation }: Step): Promise<void> {
    if (!isFault(operation)) return this.#wish(operation)
    this.#counts.add(operation.kind)
    const world = this.#world
    switch (operation.kind) {
      case "restart":
        await world.takeDown(operation.component)
        await sleep(world.clock, operation.downMs)
        if (!this.#stop.signal.aborted) await world.bringUp(operation.component)
        return
      case "lose-node":
        world.loseNode(operation.node)
        await sleep(world.clock, operation.forMs)
        return world.findNode(operation.node)
      case "reboot-node":
        return world.reboot(operation.node)
      case "jump-clock":
        world.clock.jump(operation.byMs)
    }
  }

  /** Users try until the server answers; what it refuses is refused. */
  async #wish(operation: Operation): Promise<void> {
    const { clock } = this.#world
    for (let tries = 0; tries < 30 && !this.#stop.signal.aborted; tries++) {
      try {
        await this.#perform(operation as UserOperation)
        return this.#counts.add(operation.kind)
      } catch (error) {
        if (isStatusError(error, "InternalError")) this.#failure ??= `${operation.kind}: ${error.message}`
        if ((error as Error).name !== "ConnectionError") return
        await sleep(clock, 500)
      }
    }
  }

  /** Checkers are told of what takes pods away that no controller promised to keep. */
  async #perform(operation: UserOperation): Promise<void> {
    const { clock, users } = this.#world
    const takesAway = ["delete-pod", "evict", "drain", "delete", "delete-namespace"].includes(operation.kind)
    if (!takesAway) return perform(operation, users, clock)
    const tell = (checker: Checker) =>
      operation.kind === "evict" || operation.kind === "drain" ? checker.evicting !== true : true
    const told = this.#checkers.filter(tell)
    for (const checker of told) checker.disturbing?.()
    try {
      await perform(operation, users, clock)
    } finally {
      for (const checker of told) checker.disturbed?.(clock.monotonic())
    }
  }

  #found(checker: Checker, problem: string | undefined): void {
    if (!problem) return
    const at = (this.#world.clock.monotonic() / 1000).toFixed(1)
    this.#failure ??= `${checker.name}, after ${at} s: ${problem}`
  }
}
