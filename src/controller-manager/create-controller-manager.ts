import { type HealthCheck, ping } from "../apimachinery/health-checks.ts"
import type { Resource } from "../apimachinery/resource.ts"
import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import { gauge, type Metric } from "../base/metrics.ts"
import type { Random } from "../base/random.ts"
import type { ControllerDefinition } from "../client/controller.ts"
import { createClient } from "../client/create-client.ts"
import { createEventRecorder } from "../client/create-event-recorder.ts"
import { discoverResources } from "../client/discover-resources.ts"
import { readOpenApi as readFromOpenApi } from "../client/read-open-api.ts"
import type { ReadOpenApi } from "./validatingadmissionpolicy-status/validatingadmissionpolicy-status.ts"
import { createInformers, type Informers } from "../client/informers.ts"
import { runAsLeader } from "../client/leader-election.ts"
import { LeaderHealth, leaderMetric } from "../client/leader-health.ts"
import { runControllers } from "../client/run-controllers.ts"
import type { Transport } from "../client/transport.ts"
import { AllWorkQueueMetrics } from "../client/work-queue-metrics.ts"
import { ControllerMetrics } from "./controller-metrics.ts"
import { queueName } from "./queue-names.ts"
import { type ControllerSettings, createControllers } from "./controllers.ts"

export interface ControllerManagerOptions
  extends Omit<ControllerSettings, "discover" | "metrics" | "readOpenApi" | "transportOf"> {
  /** As the user system:kube-controller-manager. */
  readonly transport: Transport
  /** The transport under a controller's own service account. @default `transport` for all */
  readonly transportFor?: (controllerName: string) => Transport
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Where the cluster may be one of another version. @default everything is served */
  readonly isServed?: (resource: Resource) => Promise<boolean>
  /** `--controllers`. @default ["*"] */
  readonly controllers?: readonly string[]
  /** Runs only while it holds the Lease kube-system/kube-controller-manager. @default alone: no election */
  readonly leaderElection?: { readonly identity: string }
}

export interface ControllerManager {
  /** What its work queues and its controllers count of themselves, and whether it leads. */
  readonly metrics: readonly Metric[]
  /** What `/healthz` asks: the election, and of each controller that runs, by its name, whether there is an answer. */
  healthChecks(): readonly HealthCheck[]
  /** Runs until `signal` aborts. With an election, ends (resolves) as well when the lease was lost. */
  run(signal: AbortSignal): Promise<void>
  /** Resolves when every controller has seen the whole state once; with an election, when this one leads. */
  readonly ready: Promise<void>
}

const component = "kube-controller-manager"

export function createControllerManager(options: ControllerManagerOptions): ControllerManager {
  let resolveReady: () => void = () => {}
  const ready = new Promise<void>((resolve) => (resolveReady = resolve))
  const queues = new AllWorkQueueMetrics()
  const metrics = new ControllerMetrics()
  const election = options.leaderElection ? [new LeaderHealth(options.clock)] : []
  let running: readonly ControllerDefinition[] = []
  let isLeading = false
  const leading = leaderMetric(component, () => (options.leaderElection ? isLeading : undefined))
  const runningControllers = gauge(
    {
      name: "running_managed_controllers",
      help: "[BETA] Indicates where instances of a controller are currently running",
      labels: ["name", "manager"],
    },
    () => running.map(({ name }) => [1, name, component] as const),
  )
  const clientOf = (transport: Transport) =>
    createClient(transport, { fieldManager: component, userAgent: component })

  async function runNow(signal: AbortSignal): Promise<void> {
    const client = clientOf(options.transport)
    const informers: Informers = createInformers({ ...options, client })
    const discover = () => discoverResources(options.transport, signal)
    const readOpenApi: ReadOpenApi = (groupVersion) =>
      readFromOpenApi(options.transport, groupVersion, signal)
    const { transportFor } = options
    const transportOf = (name: string) => transportFor?.(name) ?? options.transport
    const settings = { ...options, discover, readOpenApi, transportOf, metrics }
    const controllers = createControllers(settings, options.controllers)
    running = controllers
    const clientFor = transportFor ? ({ name }: ControllerDefinition) => clientOf(transportFor(name)) : client
    const work = runControllers({
      ...options,
      controllers,
      client: clientFor,
      informers,
      signal,
      metrics: ({ name }) => queues.of(queueName(name)),
    })
    informers.start(signal)
    void informers.synced().then(resolveReady)
    await work.finally(() => (running = []))
  }

  async function lead(signal: AbortSignal): Promise<void> {
    isLeading = true
    await runNow(signal).finally(() => (isLeading = false))
  }

  return {
    ready,
    metrics: [...queues.metrics, ...metrics.all, leading, runningControllers],
    healthChecks: () => [...election, ...running.map(({ name }) => ({ ...ping, name }))],
    async run(signal) {
      if (!options.leaderElection) return runNow(signal)
      const client = clientOf(options.transport)
      const { identity } = options.leaderElection
      const events = createEventRecorder({ ...options, client, component: identity })
      const lease = { namespace: "kube-system", name: component }
      const [health] = election
      const holding = { ...options, client, events, lease, identity, signal, ...(health && { health }) }
      await runAsLeader(holding, lead)
    },
  }
}
