import type { Deployment } from "../../api/apps/v1/deployment.ts"
import type { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { sameMap } from "../shared/deep-equal.ts"
import { maxRevision, syncedAnnotations } from "./annotations.ts"
import { planCleanup } from "./history.ts"
import { planRecreate } from "./recreate.ts"
import type { Generations } from "./replica-sets.ts"
import { planRollingUpdate, wantedOfNewest } from "./rolling-update.ts"
import { isScalingEvent, planScale } from "./scale.ts"
import { isComplete } from "./status.ts"

export interface Scaling {
  readonly replicaSet: ReplicaSet
  readonly to: number
}

export type Step =
  | ({ readonly kind: "scale" } & Scaling)
  /** The ReplicaSet as it should be, replicas apart. */
  | { readonly kind: "sync"; readonly replicaSet: ReplicaSet }
  | { readonly kind: "create"; readonly replicas: number; readonly revision: bigint }
  | { readonly kind: "delete"; readonly replicaSet: ReplicaSet }

export interface Plan {
  /** Whether progress is judged: not while paused, being scaled or deleted. */
  readonly mode: "rollout" | "hold"
  readonly steps: readonly Step[]
}

/** The next steps only: what they lead to is looked at when it is there. */
export function planDeployment(
  deployment: Deployment,
  generations: Generations,
  oldPods: () => readonly Pod[],
): Plan {
  if (deployment.metadata.deletionTimestamp) return { mode: "hold", steps: [] }
  const revision = maxRevision(generations.old) + 1n
  const sync = planSync(deployment, generations.newest, revision)
  if (deployment.spec.paused) {
    const steps = [...planScale(deployment, generations).map(scaleStep), ...cleanup(deployment, generations)]
    return { mode: "hold", steps: sync ?? steps }
  }
  if (isScalingEvent(deployment, generations))
    return { mode: "hold", steps: sync ?? planScale(deployment, generations).map(scaleStep) }
  return { mode: "rollout", steps: sync ?? planRollout(deployment, generations, revision, oldPods) }
}

function planRollout(
  deployment: Deployment,
  generations: Generations,
  revision: bigint,
  oldPods: () => readonly Pod[],
): readonly Step[] {
  const steps = nextSteps(deployment, generations, revision, oldPods)
  const complete = steps.length === 0 && isComplete(deployment, deployment.status)
  return complete ? cleanup(deployment, generations) : steps
}

function nextSteps(
  deployment: Deployment,
  generations: Generations,
  revision: bigint,
  oldPods: () => readonly Pod[],
): readonly Step[] {
  if (deployment.spec.strategy.type === "Recreate") {
    const plan = planRecreate(deployment, generations, oldPods())
    if (plan.kind === "create") return [{ kind: "create", replicas: plan.replicas, revision }]
    return plan.kind === "wait" ? [] : plan.scalings.map(scaleStep)
  }
  if (generations.newest) return planRollingUpdate(deployment, generations).map(scaleStep)
  return [{ kind: "create", replicas: wantedOfNewest(deployment, generations), revision }]
}

/** The newest ReplicaSet carries the Deployment's annotations, minReadySeconds, and the highest revision. */
function planSync(
  deployment: Deployment,
  newest: ReplicaSet | undefined,
  revision: bigint,
): readonly Step[] | undefined {
  if (!newest) return undefined
  const annotations = syncedAnnotations(deployment, newest.metadata.annotations, revision)
  const { minReadySeconds = 0 } = deployment.spec
  const inSync =
    sameMap(annotations, newest.metadata.annotations) &&
    minReadySeconds === (newest.spec.minReadySeconds ?? 0)
  if (inSync) return undefined
  const metadata = { ...newest.metadata, annotations: { ...annotations } }
  return [{ kind: "sync", replicaSet: { ...newest, metadata, spec: { ...newest.spec, minReadySeconds } } }]
}

function cleanup(deployment: Deployment, { old }: Generations): readonly Step[] {
  return planCleanup(deployment, old).map((replicaSet) => ({ kind: "delete", replicaSet }))
}

function scaleStep(scaling: Scaling): Step {
  return { kind: "scale", ...scaling }
}
