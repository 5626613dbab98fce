import { expect, test } from "vitest"
import type { Deployment } from "../../api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { planRollingUpdate } from "./rolling-update.ts"

const deployment = {
  metadata: { name: "web", uid: "web" },
  spec: {
    replicas: 4,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } },
  },
} as unknown as Deployment

const set = (name: string, replicas: number, availableReplicas: number) =>
  ({
    metadata: { name, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { replicas },
    status: { replicas: availableReplicas, availableReplicas },
  }) as unknown as ReplicaSet

const planned = (newest: ReplicaSet, ...old: ReplicaSet[]) =>
  planRollingUpdate(deployment, { newest, old }).map(({ replicaSet, to }) => [replicaSet.metadata.name, to])

test("takes away as much as availability allows", () => {
  expect(planned(set("new", 1, 1), set("old", 4, 4))).toEqual([["old", 2]])
})

test("takes away no more when a status still counts what went a moment ago", () => {
  expect(planned(set("new", 1, 1), set("older", 1, 3), set("old", 3, 3))).toEqual([
    ["older", 0],
    ["old", 2],
  ])
})
