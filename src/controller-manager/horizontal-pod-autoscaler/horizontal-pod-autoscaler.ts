/**
 * HorizontalPodAutoscaler: as many replicas as it takes for the metrics to be near their targets.
 *
 * Reads autoscalers, pods, the scale of what they name, and the three APIs of metrics; writes the scale and the autoscaler's
 * status.
 * Woken by time: every 15 s for each autoscaler, as upstream's --horizontal-pod-autoscaler-sync-period; a new one at once.
 */
import {
  HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerStatus,
  type MetricSpec,
} from "../../api/autoscaling/v2/horizontal-pod-autoscaler.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { matchesLabels, parseLabelSelector, type Selector } from "../../apimachinery/labels.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import type { Discovered } from "../../client/discover-resources.ts"
import type { Transport } from "../../client/transport.ts"
import { withCondition } from "../shared/conditions.ts"
import { deepEqual } from "../shared/deep-equal.ts"
import { podsByLabel, selectPods } from "../shared/pods-by-label.ts"
import { updateStatusIfChanged } from "../shared/update-status.ts"
import { combineMetrics } from "./combine-metrics.ts"
import { type Evaluation, evaluateMetric, type Target, tolerancesOf } from "./evaluate-metric.ts"
import {
  HorizontalPodAutoscalerMetrics,
  type ScaleAction,
  scaleAction,
} from "./horizontal-pod-autoscaler-metrics.ts"
import { KnownKinds } from "./known-kinds.ts"
import { limitReplicas } from "./limit-replicas.ts"
import { Memory } from "./memory.ts"
import type { MetricsSource } from "./read-metrics.ts"
import { getScaleTarget, type ScaleTarget, updateScale } from "./scale-target.ts"
import { messageOf } from "../../base/message-of.ts"

const syncPeriodMs = 15_000

export function createHorizontalPodAutoscalerController({
  transport,
  discover,
  metrics = new HorizontalPodAutoscalerMetrics(),
}: {
  readonly transport: Transport
  readonly discover: () => Promise<Discovered>
  readonly metrics?: HorizontalPodAutoscalerMetrics | undefined
}): ControllerDefinition {
  const memory = new Memory()
  const kinds = new KnownKinds(discover)
  return {
    name: "horizontal-pod-autoscaler-controller",
    eventSource: "horizontal-pod-autoscaler",
    watches: [
      watch(HorizontalPodAutoscaler, (autoscaler) => [keyOf(autoscaler)], undefined, sameSpec),
      watch(Pod, () => [], podsByLabel),
    ],
    restMs: syncPeriodMs,
    async reconcile(key, context) {
      const autoscaler = context.cache.find(HorizontalPodAutoscaler, key)
      if (!autoscaler) {
        memory.forget(memoryKey(key))
        metrics.forget(key.namespace ?? "", key.name)
        return done
      }
      const source = { transport, kinds, clock: context.clock }
      await new Reconciliation(autoscaler, source, memory, context, metrics).run()
      return requeue
    },
  }
}

const requeue: Result = requeueAfter(syncPeriodMs)

function sameSpec(current: HorizontalPodAutoscaler, previous: HorizontalPodAutoscaler): boolean {
  return deepEqual(current.spec, previous.spec)
}

function memoryKey({ namespace, name }: ObjectKey): string {
  return `${namespace}/${name}`
}

/** How many replicas, and why; `replicas` undefined: they cannot be told. */
interface Decision {
  readonly replicas: number | undefined
  readonly why: string
}

/** One look at one autoscaler. What is found on the way is noted in the status, which is written at the end. */
class Reconciliation {
  readonly #autoscaler: HorizontalPodAutoscaler
  readonly #source: MetricsSource
  readonly #memory: Memory
  readonly #context: ReconcileContext
  readonly #key: string
  readonly #metrics: HorizontalPodAutoscalerMetrics
  #status: HorizontalPodAutoscalerStatus
  #action: ScaleAction = "none"
  #failed = false

  constructor(
    autoscaler: HorizontalPodAutoscaler,
    source: MetricsSource,
    memory: Memory,
    context: ReconcileContext,
    metrics: HorizontalPodAutoscalerMetrics,
  ) {
    this.#autoscaler = autoscaler
    this.#source = source
    this.#memory = memory
    this.#context = context
    this.#key = memoryKey(keyOf(autoscaler))
    this.#metrics = metrics
    this.#status = autoscaler.status
  }

  async run(): Promise<void> {
    const { client, clock } = this.#context
    const { namespace = "", name } = this.#autoscaler.metadata
    const beganMs = clock.monotonic()
    const tell = () => {
      const outcome = { action: this.#action, failed: this.#failed }
      this.#metrics.looked(outcome, (clock.monotonic() - beganMs) / 1000)
      const isKnown = this.#status.conditions?.some(({ type }) => type === "ScalingActive") ?? false
      this.#metrics.wants(namespace, name, isKnown ? this.#status.desiredReplicas : undefined)
    }
    try {
      await this.#look()
      await updateStatusIfChanged(client, HorizontalPodAutoscaler, this.#autoscaler, this.#status)
    } catch (error) {
      this.#failed = true
      throw error
    } finally {
      tell()
    }
  }

  async #look(): Promise<void> {
    // Observe.
    const { client, clock } = this.#context
    let target: ScaleTarget
    try {
      target = await getScaleTarget(this.#autoscaler, client, this.#source.kinds, clock)
    } catch (error) {
      this.#warn("FailedGetScale", messageOf(error))
      this.#note("AbleToScale", "False", {
        reason: "FailedGetScale",
        message: `the HPA controller was unable to get the target's current scale: ${messageOf(error)}`,
      })
      return
    }
    this.#note("AbleToScale", "True", {
      reason: "SucceededGetScale",
      message: "the HPA controller was able to get the target's current scale",
    })
    const current = target.scale.spec.replicas ?? 0
    this.#memory.begin(this.#key, current, clock.now())

    // Decide.
    const { replicas, why } = await this.#decide(target, current)

    // Act.
    if (replicas === undefined) this.#report(current, this.#status.desiredReplicas)
    else if (replicas === current) this.#report(current, current)
    else await this.#rescale(target, current, replicas, why)
  }

  async #decide(target: ScaleTarget, current: number): Promise<Decision> {
    const { minReplicas = 1, maxReplicas } = this.#autoscaler.spec
    this.#status = { ...this.#status, currentMetrics: [] }
    if (current === 0) {
      this.#note("ScalingActive", "False", {
        reason: "ScalingDisabled",
        message: "scaling is disabled since the replica count of the target is zero",
      })
      return { replicas: 0, why: "" }
    }
    if (current > maxReplicas)
      return { replicas: maxReplicas, why: "Current number of replicas above Spec.MaxReplicas" }
    if (current < minReplicas)
      return { replicas: minReplicas, why: "Current number of replicas below Spec.MinReplicas" }
    return this.#decideByMetrics(target, current)
  }

  async #decideByMetrics({ scale }: ScaleTarget, current: number): Promise<Decision> {
    const { spec, metadata } = this.#autoscaler
    const { namespace = "" } = metadata
    const selected = this.#select(scale.status.selector ?? "")
    if (!selected) return { replicas: undefined, why: "" }
    const nowMs = this.#context.clock.now()
    const target = {
      namespace,
      ...selected,
      specReplicas: current,
      statusReplicas: scale.status.replicas,
      tolerances: tolerancesOf(spec.behavior),
      nowMs,
    }
    const evaluations = await Promise.all(
      (spec.metrics ?? []).map((metric) => this.#evaluate(target, metric)),
    )
    for (const each of evaluations) if (!each.ok) this.#warn(each.reason, each.message)
    const { proposal, active, currentMetrics, error } = combineMetrics(evaluations, current)
    this.#status = { ...this.#status, currentMetrics: [...currentMetrics] }
    this.#note("ScalingActive", active.status, active)
    if (!proposal) {
      this.#warn("FailedComputeMetricsReplicas", error)
      return { replicas: undefined, why: "" }
    }

    const { minReplicas: min = 1, maxReplicas: max, behavior } = spec
    const history = this.#memory.historyOf(this.#key)
    const { replicas, able, limited } = limitReplicas(proposal.replicas, {
      current,
      min,
      max,
      behavior,
      history,
      nowMs,
    })
    this.#memory.proposed(this.#key, proposal.replicas, nowMs)
    this.#note("AbleToScale", "True", able)
    this.#note("ScalingLimited", limited.status, limited)
    const why = proposal.replicas > current ? `${proposal.metric} above target` : "All metrics below target"
    return { replicas, why }
  }

  async #evaluate(target: Target, metric: MetricSpec): Promise<Evaluation> {
    const { clock } = this.#context
    const beganMs = clock.monotonic()
    const result = await evaluateMetric(this.#source, target, metric)
    const action = result.ok ? scaleAction(target.specReplicas, result.replicas) : "none"
    const outcome = { action, failed: !result.ok }
    this.#metrics.computed(outcome, metric.type, (clock.monotonic() - beganMs) / 1000)
    return result
  }

  /** Undefined, and noted: the pods cannot be told, or another autoscaler has them too. */
  #select(text: string): { selector: Selector; pods: readonly Pod[] } | undefined {
    const fail = (reason: string, message: string, eventReason = reason, eventMessage = message) => {
      this.#warn(eventReason, eventMessage)
      this.#note("ScalingActive", "False", { reason, message })
      this.#warn("FailedComputeMetricsReplicas", eventMessage)
      return undefined
    }
    if (text === "")
      return fail(
        "InvalidSelector",
        "the HPA target's scale is missing a selector",
        "SelectorRequired",
        "selector is required",
      )
    let selector: Selector
    try {
      selector = parseLabelSelector(text)
    } catch (error) {
      const message = `couldn't convert selector into a corresponding internal selector object: ${messageOf(error)}`
      return fail("InvalidSelector", message)
    }
    this.#memory.selects(this.#key, selector)
    const pods = selectPods(this.#context.cache, this.#autoscaler.metadata.namespace ?? "", selector)
    const autoscalers = this.#autoscalersOf(pods)
    if (autoscalers.length > 1) {
      const names = autoscalers.map(({ name, namespace }) => `{${name} ${namespace}}`).join(" ")
      return fail("AmbiguousSelector", `pods by selector ${text} are controlled by multiple HPAs: [${names}]`)
    }
    return { selector, pods }
  }

  /** Itself, and whoever else of the namespace has one of the pods. */
  #autoscalersOf(pods: readonly Pod[]): { namespace: string; name: string }[] {
    const { namespace = "" } = this.#autoscaler.metadata
    const { cache } = this.#context
    return [...this.#memory.selectors()]
      .filter(([key]) => key.startsWith(`${namespace}/`))
      .filter(([, selector]) => pods.some(({ metadata }) => matchesLabels(selector, metadata.labels)))
      .map(([key]) => ({ namespace, name: key.slice(namespace.length + 1) }))
      .filter((each) => cache.find(HorizontalPodAutoscaler, each) !== undefined)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  async #rescale(target: ScaleTarget, current: number, replicas: number, why: string): Promise<void> {
    const { client, clock, events } = this.#context
    try {
      await updateScale(client, target, replicas)
    } catch (error) {
      this.#warn("FailedRescale", `New size: ${replicas}; reason: ${why}; error: ${messageOf(error)}`)
      this.#note("AbleToScale", "False", {
        reason: "FailedUpdateScale",
        message: `the HPA controller was unable to update the target scale: ${messageOf(error)}`,
      })
      this.#report(current, this.#status.desiredReplicas)
      return
    }
    this.#note("AbleToScale", "True", {
      reason: "SucceededRescale",
      message: `the HPA controller was able to update the target scale to ${replicas}`,
    })
    events.event(this.#autoscaler, "Normal", "SuccessfulRescale", `New size: ${replicas}; reason: ${why}`)
    this.#memory.scaled(this.#key, current, replicas, clock.now())
    this.#action = scaleAction(current, replicas)
    this.#report(current, replicas)
    this.#status = { ...this.#status, lastScaleTime: formatTime(clock.now()) }
  }

  #report(currentReplicas: number, desiredReplicas: number): void {
    this.#status = { ...this.#status, currentReplicas, desiredReplicas }
  }

  #note(type: string, status: string, said: { readonly reason: string; readonly message: string }): void {
    const { reason, message } = said
    const conditions = withCondition(
      this.#status.conditions,
      { type, status, reason, message },
      this.#context.clock.now(),
    )
    this.#status = { ...this.#status, conditions }
  }

  #warn(reason: string, message: string): void {
    this.#failed = true
    this.#context.events.event(this.#autoscaler, "Warning", reason, message)
  }
}
