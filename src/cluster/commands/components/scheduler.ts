import { readFileSync } from "node:fs"
import type { FlagValues } from "../../../base/flags.ts"
import { servePages } from "../../../base/real/serve-pages.ts"
import { createClient } from "../../../client/create-client.ts"
import { createServedCheck } from "../../../client/create-served-check.ts"
import { createEventRecorder } from "../../../client/create-event-recorder.ts"
import { createEventSeriesRecorder } from "../../../client/create-event-series-recorder.ts"
import { createInformers } from "../../../client/informers.ts"
import { runAsLeader } from "../../../client/leader-election.ts"
import {
  type LoadedConfiguration,
  loadConfiguration,
} from "../../../scheduler/configuration/load-configuration.ts"
import { postJsonTo } from "../../../scheduler/extenders/real/post-json.ts"
import { schedulerPage } from "../../../scheduler/pages.ts"
import { createScheduler, type Scheduler } from "../../../scheduler/scheduler.ts"
import { machineName } from "../../machine.ts"
import { probes } from "../../secure-port/delegated-access.ts"
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
  { transport, identity, ...parts }: ConnectedParts,
  own: FlagValues<typeof flags>,
): Promise<void> {
  const loaded = own.config === undefined ? undefined : readConfiguration(own.config)
  for (const warning of loaded?.warnings ?? []) parts.log.warn(warning)
  const client = createClient(transport, { userAgent: "kube-scheduler" })
  const speaking = { ...parts, client, component: "default-scheduler", host: machineName() }
  const events = createEventRecorder(speaking)
  let leading: Scheduler | undefined
  const told = (path: string) => leading && schedulerPage(leading, path.split("/").filter(Boolean))
  const served =
    own.serve === undefined
      ? undefined
      : await servePages(parseListen(own.serve, "serve"), (path) =>
          probes.has(path) ? { contentType: "text/plain", text: "ok" } : told(path),
        )
  await openSecurePort("kube-scheduler", own, { ...parts, client }, (path) =>
    path === "/configz" ? { contentType: "application/json", text: configz(loaded) } : told(path),
  )
  const lead = async (signal: AbortSignal) => {
    const informers = createInformers({ ...parts, client, isServed: createServedCheck(transport) })
    const spoken = createEventSeriesRecorder({ ...speaking, signal })
    leading = createScheduler({ ...parts, ...loaded?.options, client, informers, events: spoken })
    informers.start(signal)
    await leading.run(signal)
  }
  try {
    const { leaderElect = true, resourceName, resourceNamespace } = loaded?.configuration.leaderElection ?? {}
    if (identity === undefined || !leaderElect) return await lead(parts.signal)
    const lease = { namespace: resourceNamespace || "kube-system", name: resourceName || "kube-scheduler" }
    await runAsLeader({ ...parts, client, events, identity, lease }, lead)
  } finally {
    served?.close()
  }
}

function configz(loaded: LoadedConfiguration | undefined): string {
  return JSON.stringify({ componentconfig: loaded?.configuration ?? {} })
}

function readConfiguration(path: string): LoadedConfiguration {
  return loadConfiguration(readFileSync(path, "utf8"), path, postJsonTo)
}
