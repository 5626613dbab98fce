import { PodDisruptionBudget } from "../api/policy/v1/pod-disruption-budget.ts"
import { formatFitError, type FitError } from "./fit-error.ts"
import type { PodInfo } from "./pod-info.ts"
import { pickLeastHarm } from "./preemption/pick-least-harm.ts"
import { planPreemption, type Preemption } from "./preemption/plan-preemption.ts"
import type { Candidate } from "./preemption/find-victims.ts"
import type { QueuedPod } from "./queue/scheduling-queue.ts"
import { preempt, reportFailure, reportNomination } from "./report.ts"
import type { SchedulerParts } from "./scheduler-parts.ts"

/** No node fits: the pod waits and says why, and if lesser pods can make room for it they are asked to go. */
export function makeRoom(queued: QueuedPod, error: FitError, startedMs: number, parts: SchedulerParts): void {
  const { info } = queued
  const reliefs = relieve(info, error, parts)
  const plan = decide(info, error, parts)
  error.preemption = describe(reliefs, plan)
  const victims = plan?.kind === "candidates" ? pickLeastHarm(plan.candidates) : undefined
  conclude(queued, error, startedMs, parts, victims, plan?.kind === "none" && !plan.keepsNomination)
}

/** As `makeRoom`, where extenders have a say in who must go. */
export async function makeRoomWithExtenders(
  queued: QueuedPod,
  error: FitError,
  startedMs: number,
  parts: SchedulerParts,
): Promise<void> {
  const { info } = queued
  const reliefs = relieve(info, error, parts)
  const plan = decide(info, error, parts)
  error.preemption = describe(reliefs, plan)
  let candidates = plan?.kind === "candidates" ? plan.candidates : []
  for (const extender of parts.extenders) {
    if (candidates.length === 0 || !extender.preempts || !extender.isInterestedIn(info)) continue
    candidates = await extender.processPreemption(info, candidates, parts.signal())
  }
  const clears = plan?.kind === "none" && !plan.keepsNomination
  conclude(queued, error, startedMs, parts, pickLeastHarm(candidates), clears)
}

function decide(info: PodInfo, error: FitError, parts: SchedulerParts): Preemption | undefined {
  const { filters, preemption: args, knownVictims, probe } = parts.profileOf(info)
  if (!args || error.rejections.nodeCount === 0) return undefined
  const begunMs = probe.begin()
  parts.metrics.preemptionAttempts.add(1)
  const budgets = parts.informers.cache.list(PodDisruptionBudget)
  const options = { filters, random: parts.random, args, knownVictims }
  const plan = planPreemption(info, error, budgets, options, parts.context)
  probe.took("PostFilter", begunMs, plan.kind === "candidates" ? "Success" : "Unschedulable")
  return plan
}

/** Other ways to make room come first, and are gone whether or not pods are asked to go. */
function relieve(info: PodInfo, error: FitError, parts: SchedulerParts): string[] {
  if (error.rejections.nodeCount === 0) return []
  return parts.profileOf(info).relievers.map((plugin) => {
    const { message, act } = plugin.relieve!(info, parts.context)
    if (act) parts.inBackground(act(parts))
    return message
  })
}

/** Where pods are asked to go there is nothing more to say. */
function describe(reliefs: readonly string[], plan: Preemption | undefined): string {
  if (plan?.kind === "candidates") return ""
  return [...reliefs, ...(plan ? [`preemption: ${plan.message}`] : [])].join(", ")
}

function conclude(
  queued: QueuedPod,
  error: FitError,
  startedMs: number,
  parts: SchedulerParts,
  chosen: Candidate | undefined,
  clearsNomination: boolean,
): void {
  const { info } = queued
  const { metrics, queue, nominations, clock } = parts
  const profile = parts.profileOf(info).schedulerName
  metrics.attempted("unschedulable", profile, clock.monotonic() - startedMs)
  queue.reject(queued, error)
  if (chosen) {
    metrics.preemptionVictims.observe(chosen.victims.length)
    nominations.set(info, chosen.node.name)
  } else if (clearsNomination) nominations.delete(info.uid)
  const nominated = chosen?.node.name ?? (clearsNomination ? "" : undefined)
  const act = async () => {
    const lesser = chosen
      ? nominations.on(chosen.node.name).filter(({ priority }) => priority < info.priority)
      : []
    const message = formatFitError(error)
    await reportFailure(info.pod, { reason: "Unschedulable", message, nominated }, parts)
    for (const other of lesser) {
      nominations.delete(other.uid)
      await reportNomination(other.pod, "", parts)
    }
    if (chosen) await preempt(chosen.victims, info.pod, chosen.node.name, parts)
  }
  // Nobody may have gone: then no hint will ever wake the pod.
  const retry = (cause: unknown) => {
    queue.retry(info.uid)
    throw cause
  }
  parts.inBackground(chosen ? act().catch(retry) : act())
}
