import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import type { Client } from "../client/client.ts"
import type { EventSeriesRecorder } from "../client/event-series-recorder.ts"
import type { Informers } from "../client/informers.ts"
import type { ClusterView } from "./cluster-view.ts"
import type { Extender } from "./extenders/extender.ts"
import type { CycleContext } from "./framework.ts"
import type { SchedulerMetrics } from "./metrics.ts"
import type { Nominations } from "./nominations.ts"
import type { PodInfo } from "./pod-info.ts"
import type { RunningProfile } from "./profile.ts"
import type { SchedulingQueue } from "./queue/scheduling-queue.ts"

/** What the parts of one scheduler share. */
export interface SchedulerParts {
  readonly client: Client
  readonly informers: Informers
  readonly events: EventSeriesRecorder
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly view: ClusterView
  readonly nominations: Nominations
  readonly queue: SchedulingQueue
  readonly context: CycleContext
  readonly metrics: SchedulerMetrics
  readonly extenders: readonly Extender[]
  profileOf(pod: PodInfo): RunningProfile
  /** Lets it go on while other pods are tried; what it throws is logged. */
  inBackground(work: Promise<void>): void
  /** Aborts when the scheduler stops. */
  readonly signal: () => AbortSignal
}
