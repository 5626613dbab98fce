import type { MetricStatus } from "../../api/autoscaling/v2/horizontal-pod-autoscaler.ts"
import type { Evaluation } from "./evaluate-metric.ts"

export interface Combined {
  /** The greatest number that a metric asks for; undefined: too little is known to do anything. */
  readonly proposal?: { readonly replicas: number; readonly metric: string }
  /** For the condition ScalingActive. */
  readonly active: { readonly status: "True" | "False"; readonly reason: string; readonly message: string }
  readonly currentMetrics: readonly MetricStatus[]
  /** About those that failed; empty: none did. */
  readonly error: string
}

/** Every metric may ask for more; while one is unknown, nobody may ask for less. */
export function combineMetrics(evaluations: readonly Evaluation[], specReplicas: number): Combined {
  let proposal: Combined["proposal"]
  for (const each of evaluations) {
    if (each.ok && (!proposal || each.replicas > proposal.replicas))
      proposal = { replicas: each.replicas, metric: each.name }
  }
  const failed = evaluations.filter((each) => !each.ok)
  const [first] = failed
  const currentMetrics = evaluations.map((each) => (each.ok ? each.status : { type: "" }))
  const error = first
    ? `invalid metrics (${failed.length} invalid out of ${evaluations.length}), first error is: ${first.error}`
    : ""
  if (first && (!proposal || proposal.replicas < specReplicas)) {
    const message = `the HPA was unable to compute the replica count: ${first.message}`
    return { active: { status: "False", reason: first.reason, message }, currentMetrics, error }
  }
  const message = `the HPA was able to successfully calculate a replica count from ${proposal?.metric ?? ""}`
  const active = { status: "True", reason: "ValidMetricFound", message } as const
  return { ...(proposal && { proposal }), active, currentMetrics, error }
}
