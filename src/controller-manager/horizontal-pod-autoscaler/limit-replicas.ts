/*
 * How far a proposal is followed: not beyond the smallest and greatest number, not faster than the rules allow, and not at
 * once where recent proposals said otherwise
 * (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior).
 */
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
} from "../../api/autoscaling/v2/horizontal-pod-autoscaler.ts"

/** What an autoscaler proposed and did lately; kept in memory only. */
export interface History {
  /** What the metrics asked for, before any limit. */
  readonly proposals: readonly { readonly replicas: number; readonly atMs: number }[]
  readonly added: readonly Change[]
  readonly removed: readonly Change[]
}

export interface Change {
  readonly replicas: number
  readonly atMs: number
}

export interface Limits {
  readonly current: number
  readonly min: number
  readonly max: number
  readonly behavior: HorizontalPodAutoscalerBehavior | undefined
  readonly history: History
  readonly nowMs: number
}

export interface Limited {
  readonly replicas: number
  /** For the condition AbleToScale. */
  readonly able: Said
  /** For the condition ScalingLimited. */
  readonly limited: Said & { readonly status: "True" | "False" }
}

interface Said {
  readonly reason: string
  readonly message: string
}

/** Upstream's --horizontal-pod-autoscaler-downscale-stabilization. */
const downscaleStabilizationMs = 5 * 60_000

/** How long a proposal can matter: the longest window there may be. */
export const longestWindowMs = 60 * 60_000

export function limitReplicas(proposed: number, limits: Limits): Limited {
  const stabilized = limits.behavior
    ? stabilizeByBehavior(proposed, limits, limits.behavior)
    : Math.max(proposed, ...since(limits.history.proposals, limits.nowMs - downscaleStabilizationMs, true))
  const { replicas, ...said } = limits.behavior
    ? limitByBehavior(stabilized, limits, limits.behavior)
    : limitByDefault(stabilized, limits)
  return {
    replicas,
    able: stabilized === proposed ? ready : stabilizedSaid(proposed, limits),
    limited: { ...said, status: replicas === stabilized ? "False" : "True" },
  }
}

const ready: Said = { reason: "ReadyForNewScale", message: "recommended size matches current size" }
const withinRange: Said = {
  reason: "DesiredWithinRange",
  message: "the desired count is within the acceptable range",
}
const tooMany: Said = {
  reason: "TooManyReplicas",
  message: "the desired replica count is more than the maximum replica count",
}
const tooFew: Said = {
  reason: "TooFewReplicas",
  message: "the desired replica count is less than the minimum replica count",
}
const tooFastUp: Said = {
  reason: "ScaleUpLimit",
  message: "the desired replica count is increasing faster than the maximum scale rate",
}
const tooFastDown: Said = {
  reason: "ScaleDownLimit",
  message: "the desired replica count is decreasing faster than the maximum scale rate",
}

function stabilizedSaid(proposed: number, { behavior, current }: Limits): Said {
  if (behavior && proposed >= current)
    return {
      reason: "ScaleUpStabilized",
      message:
        "recent recommendations were lower than current one, applying the lowest recent recommendation",
    }
  return {
    reason: "ScaleDownStabilized",
    message:
      "recent recommendations were higher than current one, applying the highest recent recommendation",
  }
}

function stabilizeByBehavior(
  proposed: number,
  { history, current, nowMs }: Limits,
  { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior,
): number {
  const upMs = (scaleUp?.stabilizationWindowSeconds ?? 0) * 1000
  const downMs = (scaleDown?.stabilizationWindowSeconds ?? downscaleStabilizationMs / 1000) * 1000
  const lowest = Math.min(proposed, ...since(history.proposals, nowMs - upMs, false))
  const highest = Math.max(proposed, ...since(history.proposals, nowMs - downMs, false))
  return Math.min(Math.max(current, lowest), highest)
}

function since(changes: readonly Change[], fromMs: number, inclusive: boolean): number[] {
  return changes
    .filter(({ atMs }) => atMs > fromMs || (inclusive && atMs === fromMs))
    .map(({ replicas }) => replicas)
}

/** Without rules: up to twice as many at once (4 from few), down to the least. */
function limitByDefault(desired: number, { current, min, max }: Limits): Said & { replicas: number } {
  const upLimit = Math.max(2 * current, 4)
  const most = Math.min(max, upLimit)
  if (desired < min) return { replicas: min, ...tooFew }
  if (desired > most) return { replicas: most, ...(max > upLimit ? tooFastUp : tooMany) }
  return { replicas: desired, ...withinRange }
}

function limitByBehavior(
  desired: number,
  limits: Limits,
  { scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior,
): Said & { replicas: number } {
  const { current, min, max } = limits
  if (desired > current) {
    const upLimit = Math.max(rateLimit("up", scaleUp, limits), current)
    const most = Math.min(max, upLimit)
    if (desired > most) return { replicas: most, ...(max > upLimit ? tooFastUp : tooMany) }
  } else if (desired < current) {
    const downLimit = Math.min(rateLimit("down", scaleDown, limits), current)
    const least = Math.max(min, downLimit)
    if (desired < least) return { replicas: least, ...(min < downLimit ? tooFastDown : tooFew) }
  }
  return { replicas: desired, ...withinRange }
}

/** How many replicas there may be now by the policies, each counted from the beginning of its period. */
function rateLimit(
  direction: "up" | "down",
  rules: HPAScalingRules | undefined,
  { current, history, nowMs }: Limits,
): number {
  if (!rules || rules.selectPolicy === "Disabled") return current
  const sum = (changes: readonly Change[], periodSeconds: number) =>
    since(changes, nowMs - periodSeconds * 1000, false).reduce((total, each) => total + each, 0)
  const allowed = (rules.policies ?? []).map(({ type, value, periodSeconds }) => {
    const atStart = current - sum(history.added, periodSeconds) + sum(history.removed, periodSeconds)
    if (type === "Pods") return direction === "up" ? atStart + value : atStart - value
    // Rounded towards doing something: else one replica of 10 % more would stay one.
    return direction === "up"
      ? Math.ceil(atStart * (1 + value / 100))
      : Math.trunc(atStart * (1 - value / 100))
  })
  const leastChange = rules.selectPolicy === "Min"
  return (direction === "up") === leastChange ? Math.min(...allowed) : Math.max(...allowed)
}
