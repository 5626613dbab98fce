import { integer, type Random } from "../../src/base/random.ts"
import { SeededRandom } from "../../src/base/simulated/random.ts"
import { Namespace } from "../../src/api/core/v1/namespace.ts"
import { ignoreNotFound } from "../../src/apimachinery/status-error.ts"
import { hostState } from "../e2e/cluster.ts"
import { ClusterUnderSoak } from "./cluster-under-soak.ts"
import { faults } from "./churn/faults.ts"
import { type Churn, createNamespace, createWorkload, operations } from "./churn/operations.ts"
import { Wishes } from "./churn/wishes.ts"
import { findProblems } from "./observers/convergence.ts"
import { differences, idleState } from "./observers/idle-state.ts"
import { findLeaks } from "./observers/leaks.ts"
import { type MemorySample, type MemoryTrend, sampleMemory, trendsOf } from "./observers/memory.ts"
import type { SoakOptions } from "./options.ts"

export interface SoakReport {
  readonly options: SoakOptions
  readonly minutes: number
  readonly rounds: readonly Round[]
  readonly counts: ReadonlyMap<string, number>
  readonly trends: readonly MemoryTrend[]
  /** What was found wrong, in words. Empty: nothing. */
  readonly findings: readonly string[]
}

export interface Round {
  readonly number: number
  readonly operations: number
  readonly faults: number
  readonly restedMs: number
}

const restMs = 120_000
const leakMs = 60_000

/** Starts a cluster, shakes it, and takes it down. Never rejects for what the cluster does: that is a finding. */
export async function soak(options: SoakOptions, say: (line: string) => void): Promise<SoakReport> {
  say(`soak: seed ${options.seed}, ${options.minutes} min on ${options.nodes} nodes`)
  const before = hostState()
  const cluster = await ClusterUnderSoak.start(options.nodes)
  const run = new SoakRun(cluster, options, say)
  try {
    await run.churn()
    await run.empty()
  } catch (error) {
    run.find(`the soak itself failed: ${(error as Error).stack}`)
  }
  if (run.findings.length > 0) say(cluster.log(60))
  const { stdout, stderr } = await cluster.down()
  if (!stdout.includes("stopped")) run.find(`down: ${stdout}${stderr}`)
  for (const difference of differences(before, hostState())) run.find(`left after down: ${difference}`)
  await cluster.destroy().catch((error: unknown) => run.find(`reset: ${(error as Error).message}`))
  return run.report()
}

class SoakRun {
  readonly findings: string[] = []
  readonly #options: SoakOptions
  readonly #churn: Churn
  readonly #faultRandom: Random
  readonly #say: (line: string) => void
  readonly #beganMs = performance.now()
  readonly #rounds: Round[] = []
  readonly #counts = new Map<string, number>()
  readonly #samples: MemorySample[] = []

  constructor(cluster: ClusterUnderSoak, options: SoakOptions, say: (line: string) => void) {
    const random = new SeededRandom(options.seed)
    this.#options = options
    this.#churn = {
      cluster,
      wishes: new Wishes(),
      random: random.fork("users"),
      podLimit: options.pods,
    }
    this.#faultRandom = random.fork("faults")
    this.#say = say
  }

  get #minutes(): number {
    return (performance.now() - this.#beganMs) / 60_000
  }

  find(finding: string): void {
    this.findings.push(finding)
    this.#say(`  FOUND ${finding}`)
  }

  report(): SoakReport {
    const warmUpMinutes = Math.min(10, this.#options.minutes / 6)
    return {
      options: this.#options,
      minutes: this.#minutes,
      rounds: this.#rounds,
      counts: this.#counts,
      trends: trendsOf(this.#samples, warmUpMinutes),
      findings: this.findings,
    }
  }

  async churn(): Promise<void> {
    const { cluster } = this.#churn
    await this.#warmUp()
    this.#idle = idleState(cluster)
    await createNamespace(this.#churn)
    for (let number = 1; this.#minutes < this.#options.minutes; number++) {
      const operationCount = 4 + integer(this.#churn.random, 5)
      const faultCount = integer(this.#faultRandom, 3)
      await this.#storm(operationCount, faultCount)
      const restedMs = await this.#rest(number)
      await this.#lookForLeaks()
      this.#samples.push(...(await sampleMemory(cluster, this.#minutes)))
      this.#rounds.push({ number, operations: operationCount, faults: faultCount, restedMs })
      this.#say(
        `round ${number} at ${this.#minutes.toFixed(1)} min: at rest after ${(restedMs / 1000).toFixed(1)} s`,
      )
    }
  }

  #idle: Record<string, string> = {}

  /** What the first pod of a node makes stays: only then is idle what it will be again. */
  async #warmUp(): Promise<void> {
    const { wishes } = this.#churn
    const namespace = (await createNamespace(this.#churn))!
    await createWorkload(this.#churn, "DaemonSet")
    await createWorkload(this.#churn, "StatefulSet")
    await this.#rest(0)
    wishes.removeNamespace(namespace)
    await this.#churn.cluster.client.delete(Namespace, { name: namespace })
    await this.#rest(0)
    await this.#lookForLeaks()
  }

  /** Operations one after the other, with faults anywhere between them. */
  async #storm(operationCount: number, faultCount: number): Promise<void> {
    const steps: ("operation" | "fault")[] = Array.from({ length: operationCount }, () => "operation")
    for (let index = 0; index < faultCount; index++)
      steps.splice(integer(this.#faultRandom, steps.length + 1), 0, "fault")
    for (const step of steps) {
      await (step === "fault" ? this.#break() : this.#operate())
      await pause(integer(this.#churn.random, 1500))
    }
  }

  async #operate(): Promise<void> {
    const [, name, operation] = choose(this.#churn.random, operations, ([weight]) => weight)
    // A control plane that has just been killed is tried again, as people do.
    for (let tries = 0; ; tries++) {
      try {
        const what = await operation(this.#churn)
        if (what !== undefined) this.#count(name, what)
        return
      } catch (error) {
        if (tries >= 20) return this.find(`${name} is not possible: ${(error as Error).message}`)
        await pause(500)
      }
    }
  }

  async #break(): Promise<void> {
    // The memory of a process is watched in the second half, and for that it has to live.
    const isMeasuring = this.#minutes > this.#options.minutes / 2
    const possible = faults.filter(({ endsMeasured }) => !(isMeasuring && endsMeasured))
    const { name, fault } = choose(this.#faultRandom, possible, ({ weight }) => weight)
    const what = await fault(this.#churn.cluster, this.#faultRandom, isMeasuring)
    if (what !== undefined) this.#count(name, what)
  }

  #count(name: string, what: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    this.#say(`  ${name}: ${what}`)
  }

  /** Waits until everything is as it was wished for; gives how long it took. */
  async #rest(round: number): Promise<number> {
    const { cluster, wishes } = this.#churn
    const look = () => findProblems(cluster.client, wishes)
    const { waitedMs, problems } = await untilNone(look, restMs)
    for (const problem of problems) this.find(`round ${round} does not come to rest: ${problem}`)
    return waitedMs
  }

  async #lookForLeaks(): Promise<void> {
    const { problems } = await untilNone(() => findLeaks(this.#churn.cluster), leakMs)
    for (const problem of problems) this.find(`left behind: ${problem}`)
  }

  /** Takes everything away: what then is there must be what was there before. */
  async empty(): Promise<void> {
    const { cluster, wishes } = this.#churn
    for (const name of Array.from(wishes.namespaces)) {
      wishes.removeNamespace(name)
      await cluster.client.delete(Namespace, { name }).catch(ignoreNotFound)
    }
    await this.#rest(-1)
    await this.#lookForLeaks()
    const look = async () => differences(this.#idle, idleState(cluster))
    const { problems } = await untilNone(look, leakMs)
    for (const problem of problems) this.find(`not as before: ${problem}`)
  }
}

async function untilNone(
  look: () => Promise<string[]>,
  limitMs: number,
): Promise<{ waitedMs: number; problems: string[] }> {
  const beganMs = performance.now()
  for (;;) {
    const problems = await look().catch((error: Error) => [error.message])
    const waitedMs = performance.now() - beganMs
    if (problems.length === 0 || waitedMs > limitMs) return { waitedMs, problems }
    await pause(500)
  }
}

function choose<T>(random: Random, items: readonly T[], weightOf: (item: T) => number): T {
  const total = items.reduce((sum, item) => sum + weightOf(item), 0)
  let left = random.next() * total
  for (const item of items) {
    left -= weightOf(item)
    if (left < 0) return item
  }
  return items.at(-1)!
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
