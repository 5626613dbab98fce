import { readFileSync } from "node:fs"
import type { FlagValues } from "../../../base/flags.ts"
import { formatMetrics, type Metric } from "../../../base/metrics.ts"
import { must } from "../../../apimachinery/health-checks.ts"
import { type Pages, servePages } from "../../../base/real/serve-pages.ts"
import type { Client } from "../../../client/client.ts"
import { createClient } from "../../../client/create-client.ts"
import { createServedCheck } from "../../../client/create-served-check.ts"
import { createEventRecorder } from "../../../client/create-event-recorder.ts"
import { createEventSeriesRecorder } from "../../../client/create-event-series-recorder.ts"
import { createInformers, type Informers } from "../../../client/informers.ts"
import { runAsLeader } from "../../../client/leader-election.ts"
import { LeaderHealth, leaderMetric } from "../../../client/leader-health.ts"
import {
  type LoadedConfiguration,
  loadConfiguration,
} from "../../../scheduler/configuration/load-configuration.ts"
import { postJsonTo } from "../../../scheduler/extenders/real/post-json.ts"
import { schedulerPage } from "../../../scheduler/pages.ts"
import { createScheduler, type Scheduler } from "../../../scheduler/scheduler.ts"
import { type ComponentProbes, firstOf, probePages } from "../../component-pages.ts"
import { machineName } from "../../machine.ts"
import { openSecurePort, securePortFlags } from "../../secure-port/secure-port-flags.ts"
import { parseListen } from "../parse-listen.ts"
import { type ConnectedParts, electionFlags, runConnected } from "./connect.ts"

const flags = {
  ...electionFlags,
  config: {
    type: "string",
    placeholder: "FILE",
    description: "a KubeSchedulerConfiguration: profiles, plugins, extenders",
  },
  ...securePortFlags("10259"),
  serve: {
    type: "string",
    placeholder: "ADDR:PORT",
    description: "tell of health, metrics and why pods wait here, over HTTP to whoever asks (off)",
  },
} as const

export function scheduler(argv: readonly string[]): Promise<number> {
  return runConnected("scheduler", argv, flags, run)
}

async function run(
  { transport, identity, metrics, ...parts }: ConnectedParts,
  own: FlagValues<typeof flags>,
): Promise<void> {
  const loaded = own.config === undefined ? undefined : readConfiguration(own.config)
  for (const warning of loaded?.warnings ?? []) parts.log.warn(warning)
  const { leaderElection, delayCacheUntilActive, enableProfiling = true } = loaded?.configuration ?? {}
  const isElected = identity !== undefined && (leaderElection?.leaderElect ?? true)
  const health = isElected ? new LeaderHealth(parts.clock) : undefined
  const client = createClient(transport, { userAgent: "kube-scheduler" })
  const speaking = { ...parts, client, component: "default-scheduler", host: machineName() }
  const informers = createInformers({ ...parts, client, isServed: createServedCheck(transport) })
  const spoken = createEventSeriesRecorder(speaking)
  const scheduler = createScheduler({ ...parts, ...loaded?.options, client, informers, events: spoken })
  let isLeading = false
  const probes = probesOf(health, informers, parts.signal)
  const election = leaderMetric("kube-scheduler", () => (isElected ? isLeading : undefined))
  const common = [...metrics, election]
  const served = await serve(own, scheduler, { ...parts, client, probes, loaded, enableProfiling, common })
  // Whoever waits to lead knows the cluster already, unless the configuration wants it otherwise.
  if (!delayCacheUntilActive || !isElected) informers.start(parts.signal)
  const lead = (signal: AbortSignal): Promise<void> => {
    if (delayCacheUntilActive && isElected) informers.start(signal)
    isLeading = true
    return scheduler.run(signal)
  }
  try {
    if (!health || identity === undefined) return await lead(parts.signal)
    const { resourceName, resourceNamespace } = leaderElection ?? {}
    const lease = { namespace: resourceNamespace || "kube-system", name: resourceName || "kube-scheduler" }
    const events = createEventRecorder(speaking)
    await runAsLeader({ ...parts, client, events, identity, lease, health }, lead)
  } finally {
    served?.close()
  }
}

/** As kube-scheduler's: alive while it answers, ready when it knows the cluster. */
function probesOf(
  health: LeaderHealth | undefined,
  informers: Informers,
  signal: AbortSignal,
): ComponentProbes {
  let isSynced = false
  void informers.synced().then(() => (isSynced = true))
  const election = health ? [health] : []
  const shutdown = must("shutdown", () => !signal.aborted, "process is shutting down")
  const synced = must("sched-handler-sync", () => isSynced, "handlers are not fully synchronized")
  return { healthz: () => election, livez: () => [], readyz: () => [...election, shutdown, synced] }
}

interface ServedParts extends Pick<ConnectedParts, "clock" | "random" | "log" | "signal"> {
  readonly client: Client
  readonly probes: ComponentProbes
  readonly loaded: LoadedConfiguration | undefined
  readonly enableProfiling: boolean
  /** Told beside what the scheduler itself tells. */
  readonly common: readonly Metric[]
}

/** With a file the flag of profiling counts for nothing, as upstream. */
async function serve(
  own: FlagValues<typeof flags>,
  scheduler: Scheduler,
  { loaded, enableProfiling, common, ...parts }: ServedParts,
): Promise<{ close(): void } | undefined> {
  const told: Pages = ({ path }) => {
    const page = schedulerPage(scheduler, path.split("/").filter(Boolean))
    return page && path === "/metrics" ? { ...page, text: page.text + formatMetrics(common) } : page
  }
  const configuration = { contentType: "application/json", text: configz(loaded) }
  const profiling = loaded ? enableProfiling : own.profiling
  await openSecurePort("kube-scheduler", own, { ...parts, profiling }, (request) =>
    request.path === "/configz" ? configuration : told(request),
  )
  if (own.serve === undefined) return undefined
  return servePages(parseListen(own.serve, "serve"), firstOf([probePages(parts.probes, parts.clock), told]))
}

function configz(loaded: LoadedConfiguration | undefined): string {
  return JSON.stringify({ componentconfig: loaded?.configuration ?? {} })
}

function readConfiguration(path: string): LoadedConfiguration {
  return loadConfiguration(readFileSync(path, "utf8"), path, postJsonTo)
}
