import { integer, type Random } from "../../src/base/random.ts"
import { SeededRandom } from "../../src/base/simulated/random.ts"
import { podsPerNode } from "../world/machine.ts"
import {
  components,
  type FaultOperation,
  type FaultRates,
  type Operation,
  type Placed,
  type Plan,
  type Rollable,
  type Rolling,
  type Scalable,
  type Step,
  type UserOperation,
} from "./operation.ts"

/** Everything about a run from its seed: the size of the world, what happens, and how bad it gets. */
export function generatePlan(seed: string): Plan {
  const random = new SeededRandom(`plan/${seed}`)
  const stormMs = 20_000 + integer(random, 40_000)
  const atLeast = 2 + integer(random, 3)
  const users = userSteps(random.fork("users"), stormMs, atLeast)
  const nodes = Math.max(atLeast, nodesNeeded(users))
  const faults = chance(random, 0.8) ? faultSteps(random.fork("faults"), stormMs, nodes) : []
  const steps = [...users, ...faults].sort((a, b) => a.atMs - b.atMs)
  return { seed, nodes, stormMs, rates: faultRates(random.fork("rates")), steps }
}

/** So many that in the end everything has its place; while the storm lasts it may be tight. */
function nodesNeeded(steps: readonly Step[]): number {
  const wanted = new Map<string, number>()
  let onEach = 0
  for (const { operation } of steps) {
    if (operation.kind === "create-daemonset") onEach += operation.rolling?.maxSurge ? 2 : 1
    if (!("name" in operation)) continue
    const replicas =
      "replicas" in operation
        ? operation.replicas + 2
        : "parallelism" in operation
          ? operation.parallelism
          : 0
    wanted.set(operation.name, Math.max(wanted.get(operation.name) ?? 0, replicas))
  }
  const pods = Array.from(wanted.values()).reduce((sum, count) => sum + count, 0)
  return Math.ceil(pods / (podsPerNode - onEach))
}

/** A third of the worlds have a road without faults, so that the others' are not all that is ever tried. */
function faultRates(random: Random): FaultRates {
  const bad = chance(random, 0.66) ? random.next() : 0
  const rate = (most: number) => (chance(random, 0.7) ? bad * most * random.next() : 0)
  return {
    refused: rate(0.1),
    answerLost: rate(0.1),
    conflict: rate(0.15),
    slow: rate(0.3),
    watchLost: rate(0.05),
    watchExpired: rate(0.02),
    watchSlow: rate(0.2),
  }
}

type Known = Placed & { readonly name: string }

interface KnownWorkloads {
  readonly scalable: (Known & { workload: Scalable })[]
  readonly rollable: (Known & { workload: Rollable })[]
  readonly jobs: Known[]
  readonly apps: Known[]
}

/** A namespace that some worlds have, and that goes with all that is in it. */
const team = "team"

function userSteps(random: Random, stormMs: number, nodes: number): Step[] {
  const known: KnownWorkloads = { scalable: [], rollable: [], jobs: [], apps: [] }
  const count = 3 + integer(random, 6)
  const hasTeam = chance(random, 0.25)
  const steps: Step[] = hasTeam ? teamSteps(random, stormMs) : []
  for (let index = 0; index < count; index++) {
    const create = index < 2 || chance(random, 0.35)
    const place = hasTeam && chance(random, 0.5) ? { in: team } : {}
    const operation = create ? creation(random, known, index, place) : change(random, known, index, nodes)
    // Things are made early, so that there is time for something to happen to them.
    const atMs = create
      ? integer(random, stormMs / 3)
      : Math.floor(stormMs / 4) + integer(random, (stormMs * 3) / 4)
    steps.push({ atMs, operation })
  }
  return steps
}

function teamSteps(random: Random, stormMs: number): Step[] {
  const half = Math.floor(stormMs / 2)
  return [
    { atMs: 0, operation: { kind: "create-namespace", name: team } },
    { atMs: half + integer(random, half), operation: { kind: "delete-namespace", name: team } },
  ]
}

function creation(random: Random, known: KnownWorkloads, index: number, place: Placed): UserOperation {
  const kind = pick(random, [
    "deployment",
    "deployment",
    "statefulset",
    "daemonset",
    "job",
    "job",
    "service",
    "budget",
  ] as const)
  const name = `${kind.slice(0, 2)}-${index}`
  const app = { name, ...place }
  switch (kind) {
    case "deployment": {
      known.scalable.push({ workload: "deployments", ...app })
      known.rollable.push({ workload: "deployments", ...app })
      known.apps.push(app)
      const rolling = rollingUpdate(random)
      return {
        kind: "create-deployment",
        ...app,
        replicas: integer(random, 6),
        ...(chance(random, 0.8) && { rolling }),
      }
    }
    case "statefulset":
      known.scalable.push({ workload: "statefulsets", ...app })
      known.rollable.push({ workload: "statefulsets", ...app })
      known.apps.push(app)
      return {
        kind: "create-statefulset",
        ...app,
        replicas: integer(random, 4),
        parallel: chance(random, 0.4),
        ...(chance(random, 0.5) && {
          claims: { whenDeleted: retention(random), whenScaled: retention(random) },
        }),
      }
    case "daemonset": {
      known.rollable.push({ workload: "daemonsets", ...app })
      known.apps.push(app)
      // One of the two, not both.
      const rolling = chance(random, 0.5)
        ? { maxSurge: 1, maxUnavailable: 0 }
        : { maxSurge: 0, maxUnavailable: 1 + integer(random, 2) }
      return { kind: "create-daemonset", ...app, rolling }
    }
    case "job":
      known.jobs.push(app)
      return {
        kind: "create-job",
        ...app,
        completions: 1 + integer(random, 6),
        parallelism: 1 + integer(random, 4),
        indexed: chance(random, 0.5),
        failures: chance(random, 0.5) ? integer(random, 3) : 0,
      }
    case "service":
      return { kind: "create-service", ...beside(known, name, place) }
    case "budget": {
      // A pod may have one only.
      const budget = beside(known, name, place)
      return {
        kind: "create-budget",
        ...budget,
        name: `budget-of-${budget.app}`,
        minAvailable: integer(random, 4),
      }
    }
  }
}

/** For an app that there is, where that is. */
function beside({ apps: [first] }: KnownWorkloads, name: string, place: Placed) {
  return first
    ? { app: first.name, name, ...(first.in && { in: first.in }) }
    : { app: "de-0", name, ...place }
}

function rollingUpdate(random: Random): Rolling {
  const maxSurge = integer(random, 3)
  return { maxSurge, maxUnavailable: integer(random, 2) + (maxSurge === 0 ? 1 : 0) }
}

function retention(random: Random): "Retain" | "Delete" {
  return chance(random, 0.5) ? "Delete" : "Retain"
}

function change(random: Random, known: KnownWorkloads, index: number, nodes: number): Operation {
  const { scalable, rollable, jobs } = known
  const kind = pick(random, [
    "scale",
    "scale",
    "roll",
    "roll",
    "delete",
    "delete-pod",
    "evict",
    "cordon",
    "drain",
  ] as const)
  if (kind === "scale" && scalable.length)
    return { kind, ...pick(random, scalable), replicas: integer(random, 7) }
  if (kind === "roll" && rollable.length) return { kind, ...pick(random, rollable), version: index }
  if (kind === "delete" && rollable.length + jobs.length) {
    const all = [...rollable, ...jobs.map((job) => ({ workload: "jobs" as const, ...job }))]
    return { kind, ...pick(random, all), foreground: chance(random, 0.3) }
  }
  if (kind === "cordon") {
    // One node is always left.
    return { kind, node: 1 + integer(random, nodes - 1), unschedulable: chance(random, 0.6) }
  }
  if (kind === "drain") return { kind, node: 1 + integer(random, nodes - 1) }
  return { kind: kind === "evict" ? kind : "delete-pod", pick: integer(random, 100) }
}

function faultSteps(random: Random, stormMs: number, nodes: number): Step[] {
  return Array.from({ length: 1 + integer(random, 4) }, () => ({
    atMs: integer(random, stormMs),
    operation: fault(random, nodes),
  }))
}

function fault(random: Random, nodes: number): FaultOperation {
  const kind = pick(random, [
    "restart",
    "restart",
    "restart",
    "lose-node",
    "reboot-node",
    "jump-clock",
  ] as const)
  switch (kind) {
    case "restart":
      return { kind, component: pick(random, components), downMs: integer(random, 5000) }
    case "lose-node":
      return { kind, node: integer(random, nodes), forMs: 1000 + integer(random, 70_000) }
    case "reboot-node":
      return { kind, node: integer(random, nodes) }
    case "jump-clock":
      return { kind, byMs: (integer(random, 2 * 3600) - 1800) * 1000 }
  }
}

function chance(random: Random, probability: number): boolean {
  return random.next() < probability
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[integer(random, from.length)]!
}
