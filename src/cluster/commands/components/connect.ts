import { hostname } from "node:os"
import { buildMetrics, thisBuild } from "../../../apimachinery/build-info.ts"
import type { Clock } from "../../../base/clock.ts"
import { type FlagDefinitions, type FlagValues, parseFlags } from "../../../base/flags.ts"
import type { Logger } from "../../../base/log.ts"
import { type Random, uuid } from "../../../base/random.ts"
import { realClock } from "../../../base/real/clock.ts"
import { createLogger } from "../../../base/real/logger.ts"
import { realRandom } from "../../../base/real/random.ts"
import { measuredTransport, RestClientMetrics } from "../../../client/rest-client-metrics.ts"
import type { Metric } from "../../../base/metrics.ts"
import { processMetrics } from "../../../base/real/process-metrics.ts"
import type { Connection } from "../../../client/real/connection.ts"
import { createHttpsTransport, type HttpsTransport } from "../../../client/real/https-transport.ts"
import { readKubeconfig, resolveContext } from "../../../client/real/kubeconfig.ts"
import { describeFlags, UsageError } from "../command.ts"
import { stopSignal } from "../stop-signal.ts"

const flags = {
  kubeconfig: {
    type: "string",
    placeholder: "FILE",
    description: "where the cluster is and who we are there",
  },
  verbose: { type: "bool", short: "v", description: "log more" },
  help: { type: "bool", short: "h", description: "show this" },
} as const

/** Of components of which one works at a time. */
export const electionFlags = {
  "leader-elect": {
    type: "string",
    default: "true",
    bare: "true",
    placeholder: "true|false",
    description: "work only while holding the Lease of this component (true)",
  },
} as const

/** What a component that runs by itself is given. */
export interface ConnectedParts {
  readonly transport: HttpsTransport
  /** Where the cluster is and with what we come there. */
  readonly connection: Connection
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Unique among candidates; undefined: no election. */
  readonly identity: string | undefined
  /** What every component tells beside what is its own. */
  readonly metrics: readonly Metric[]
  /** Aborts when the process is asked to end. */
  readonly signal: AbortSignal
}

/**
 * Runs one component against the cluster of a kubeconfig until the process is asked to end, or it is "done". `own` are its own
 * flags; `kubeconfigOf` says what a file of its own names where no flag does.
 */
export async function runConnected<const D extends FlagDefinitions>(
  name: string,
  argv: readonly string[],
  own: D,
  component: (parts: ConnectedParts, values: FlagValues<D>) => Promise<void | "done">,
  kubeconfigOf: (values: FlagValues<D>) => string | undefined = () => undefined,
): Promise<number> {
  const all = { ...own, ...flags }
  const parsed = parseFlags(argv, all)
  const { arguments: rest } = parsed
  const values = parsed.values as FlagValues<typeof flags>
  if (values.help) {
    process.stdout.write(`Usage: coracle ${name} --kubeconfig FILE [flags]\n\n${describeFlags(all)}`)
    return 0
  }
  if (rest.length) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}`)
  const kubeconfig = values.kubeconfig ?? kubeconfigOf(parsed.values)
  if (!kubeconfig) throw new UsageError("--kubeconfig FILE is missing: it says which cluster to work for")
  const { connection } = resolveContext(await readKubeconfig(kubeconfig))
  const stop = new AbortController()
  void stopSignal("ended").then(() => stop.abort())
  const restClient = new RestClientMetrics(new URL(connection.server).host)
  const https = createHttpsTransport(connection, { clock: realClock })
  const transport = measuredTransport(https, restClient, realClock)
  const { "leader-elect": elect = "false" } = parsed.values as { "leader-elect"?: string }
  const identity = elect === "false" ? undefined : `${hostname()}_${uuid(realRandom)}`
  const level = values.verbose ? "debug" : "info"
  const log = createLogger({ level, name, write: (line) => process.stderr.write(line) })
  try {
    const parts = {
      transport,
      connection,
      clock: realClock,
      random: realRandom,
      log,
      identity,
      metrics: [restClient, ...processMetrics(realClock), ...buildMetrics(thisBuild)],
      signal: stop.signal,
    }
    if ((await component(parts, parsed.values)) === "done") return 0
  } finally {
    transport.close()
  }
  // A leader that lost its lease must not go on: whoever started it starts it again.
  return stop.signal.aborted ? 0 : 1
}
