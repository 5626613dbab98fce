import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { setMaxListeners } from "node:events"
import type { Plan, UserOperation } from "./operations/operation.ts"

// A checker that finds nothing may be blind. Here each is given a world in which one decision is made wrongly.

const calm = { refused: 0, answerLost: 0, conflict: 0, slow: 0, watchLost: 0, watchExpired: 0, watchSlow: 0 }

type Step = readonly [atS: number, operation: Plan["steps"][number]["operation"]]

function planOf(steps: readonly Step[], nodes = 3): Plan {
  return {
    seed: "mutation",
    nodes,
    rates: calm,
    stormMs: 90_000,
    steps: steps.map(([atS, operation]) => ({ atMs: atS * 1000, operation })),
  }
}

const web = {
  kind: "create-deployment",
  name: "web",
  replicas: 4,
  rolling: { maxSurge: 1, maxUnavailable: 1 },
} as const
const rollWeb = { kind: "roll", workload: "deployments", name: "web", version: 2 } as const
const db = (when: "Retain" | "Delete"): UserOperation => ({
  kind: "create-statefulset",
  name: "db",
  replicas: 2,
  parallel: false,
  claims: { whenDeleted: when, whenScaled: when },
})

type Broken = Readonly<Record<string, unknown>>
interface Mutation {
  readonly wrong: string
  readonly module: string
  /** The exports that are put in the place of the original ones. */
  readonly broken: (original: Record<string, (...args: never[]) => never>) => Broken
  readonly steps: readonly Step[]
  readonly nodes?: number
  readonly foundBy: string
}

const base = "../src/controller-manager"

const mutations: readonly Mutation[] = [
  {
    wrong: "a ReplicaSet makes one pod too many",
    module: `${base}/replicaset/plan.ts`,
    broken: ({ planReplicas }) => ({
      planReplicas: (wanted: never, pods: never[], ...rest: never[]) =>
        planReplicas!(((wanted as number) + 1) as never, pods as never, ...rest),
    }),
    steps: [[0, web]],
    foundBy: "replica-set-bounds",
  },
  {
    wrong: "a rolling update surges further than it may",
    module: `${base}/deployment/budget.ts`,
    broken: ({ maxSurge }) => ({ maxSurge: (deployment: never) => (maxSurge!(deployment) as number) + 1 }),
    steps: [
      [0, web],
      [30, rollWeb],
    ],
    foundBy: "deployment-bounds",
  },
  {
    wrong: "a rolling update counts old pods that have gone as available",
    module: `${base}/deployment/rolling-update.ts`,
    broken: ({ planRollingUpdate }) => ({
      planRollingUpdate: (
        deployment: never,
        generations: { newest?: { status: object; spec: { replicas: number } } },
      ) => {
        const { newest } = generations
        const status = newest && { ...newest.status, availableReplicas: newest.spec.replicas }
        return planRollingUpdate!(deployment, {
          ...generations,
          newest: newest && { ...newest, status },
        } as never)
      },
    }),
    steps: [
      [0, web],
      [30, rollWeb],
    ],
    foundBy: "deployment-availability",
  },
  {
    wrong: "a Job counts a pod twice",
    module: `${base}/job/track.ts`,
    broken: ({ trackPods }) => ({
      trackPods: (...args: never[]) => {
        const tracking = trackPods!(...args) as { uncountedSucceeded: readonly string[] }
        const twice = tracking.uncountedSucceeded.flatMap((uid) => [uid, `${uid}-again`])
        return { ...tracking, uncountedSucceeded: twice }
      },
    }),
    steps: [
      [0, { kind: "create-job", name: "work", completions: 4, parallelism: 2, indexed: false, failures: 0 }],
    ],
    foundBy: "job-counts",
  },
  {
    wrong: "a DaemonSet replaces all its pods at once",
    module: `${base}/daemonset/plan.ts`,
    broken: ({ planDaemons, isCurrent }) => ({
      planDaemons: (view: never) => {
        const plan = planDaemons!(view) as { delete: readonly unknown[] }
        const pods = (view as { places: { pods: readonly never[] }[] }).places.flatMap((place) => place.pods)
        const old = pods.filter((pod) => !isCurrent!(view, pod))
        return { ...plan, delete: [...new Set([...plan.delete, ...old])] }
      },
    }),
    steps: [
      [0, { kind: "create-daemonset", name: "agent", rolling: { maxSurge: 0, maxUnavailable: 1 } }],
      [30, { kind: "roll", workload: "daemonsets", name: "agent", version: 2 }],
    ],
    foundBy: "daemon-availability",
  },
  {
    wrong: "a budget allows one eviction too many",
    module: `${base}/disruption/status.ts`,
    broken: ({ computeBudget }) => ({
      computeBudget: (input: never) => {
        const report = computeBudget!(input) as { status: { disruptionsAllowed: number } }
        const disruptionsAllowed = report.status.disruptionsAllowed + 1
        return { ...report, status: { ...report.status, disruptionsAllowed } }
      },
    }),
    steps: [
      [0, web],
      [1, { kind: "create-budget", name: "web", app: "web", minAvailable: 4 }],
      [30, { kind: "evict", pick: 1 }],
    ],
    foundBy: "disruption-budgets",
  },
  {
    wrong: "the pods of a lost node are given up before they have ended",
    module: `${base}/pod-garbage-collector/plan.ts`,
    broken: () => ({
      planPodGc: ({ pods }: { pods: readonly { metadata: { deletionTimestamp?: string } }[] }) =>
        pods.filter(({ metadata }) => metadata.deletionTimestamp).map((pod) => ({ pod, why: "orphaned" })),
    }),
    steps: [
      [0, { kind: "create-statefulset", name: "db", replicas: 3, parallel: true }],
      [20, { kind: "lose-node", node: 0, forMs: 300_000 }],
      [20, { kind: "lose-node", node: 1, forMs: 300_000 }],
    ],
    foundBy: "one-pod-per-identity",
  },
  {
    wrong: "what has lost its owner stays",
    module: `${base}/garbage-collector/plan.ts`,
    broken: () => ({ planChild: () => ({ kind: "keep" }) }),
    steps: [
      [0, web],
      [30, { kind: "delete", workload: "deployments", name: "web", foreground: false }],
    ],
    foundBy: "owners",
  },
  {
    wrong: "a pod that is not ready is an endpoint",
    module: `${base}/endpointslice/endpoints-of-pods.ts`,
    broken: ({ endpointOf }) => ({
      endpointOf: (...args: never[]) => {
        const endpoint = endpointOf!(...args) as object
        return { ...endpoint, conditions: { ready: true, serving: true, terminating: false } }
      },
    }),
    steps: [
      [0, web],
      [0, { kind: "create-service", name: "web", app: "web" }],
    ],
    foundBy: "endpoints",
  },
  {
    wrong: "a node is given more than it has",
    module: "../src/scheduler/plugins/node-resources-fit.ts",
    broken: ({ nodeResourcesFit }) => ({
      nodeResourcesFit: (...args: never[]) => ({
        ...(nodeResourcesFit!(...args) as object),
        filter: undefined,
      }),
    }),
    steps: [[0, { ...web, replicas: 12 }]],
    nodes: 1,
    foundBy: "node-capacity",
  },
  {
    wrong: "a namespace goes before what is in it",
    module: `${base}/namespace/delete-content.ts`,
    broken: () => ({ deleteContent: async () => ({ counts: new Map(), finalizers: new Map(), errors: [] }) }),
    steps: [
      [0, { kind: "create-namespace", name: "team" }],
      [1, { ...web, in: "team" }],
      [30, { kind: "delete-namespace", name: "team" }],
    ],
    foundBy: "namespaces",
  },
  {
    wrong: "a pod does not stay as long as it tolerates a taint",
    module: `${base}/taint-eviction/plan.ts`,
    broken: ({ planEviction }) => ({
      planEviction: (...args: never[]) => {
        const plan = planEviction!(...args) as { kind: string }
        return plan.kind === "evictAfter" ? { kind: "evictNow" } : plan
      },
    }),
    steps: [
      [0, web],
      [20, { kind: "lose-node", node: 0, forMs: 300_000 }],
      [20, { kind: "lose-node", node: 1, forMs: 300_000 }],
    ],
    foundBy: "taint-tolerations",
  },
  {
    wrong: "the claims of a replica go though they are to be kept",
    module: `${base}/statefulset/claims.ts`,
    broken: ({ applyRetention }) => ({
      applyRetention: (context: never, set: { spec: object }, ...rest: never[]) => {
        const persistentVolumeClaimRetentionPolicy = { whenDeleted: "Delete", whenScaled: "Delete" }
        const spec = { ...set.spec, persistentVolumeClaimRetentionPolicy }
        return applyRetention!(context, { ...set, spec } as never, ...rest)
      },
    }),
    steps: [
      [0, db("Retain")],
      [30, { kind: "scale", workload: "statefulsets", name: "db", replicas: 1 }],
    ],
    foundBy: "claims",
  },
]

beforeEach(() => setMaxListeners(0))
afterEach(() => void vi.resetModules())

describe("a wrong decision is found", () => {
  test.each(mutations)(
    "$wrong: $foundBy",
    async ({ module, broken, steps, nodes, foundBy }) => {
      vi.resetModules()
      vi.doMock(module, async (importOriginal) => {
        const original = await importOriginal<Record<string, (...args: never[]) => never>>()
        return { ...original, ...broken(original) }
      })
      const { simulate } = await import("./simulate.ts")
      const { failure } = await simulate(planOf(steps, nodes))
      vi.doUnmock(module)
      expect(failure).toContain(foundBy)
    },
    60_000,
  )
})
