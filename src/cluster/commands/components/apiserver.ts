import { parseFlags } from "../../../base/flags.ts"
import { realClock } from "../../../base/real/clock.ts"
import { createLogger } from "../../../base/real/logger.ts"
import { realRandom } from "../../../base/real/random.ts"
import { startControlPlane } from "../../control-plane.ts"
import { claim, dataDirectory, release } from "../../data-directory.ts"
import { ensureNetworks } from "../../networks/ensure-networks.ts"
import { createCommands } from "../../../base/real/commands.ts"
import { parseStoreOptions, storeFlags } from "../../store/store-flags.ts"
import { apiServerFlags, apiServerSettings } from "../api-server-flags.ts"
import { describeFlags, UsageError } from "../command.ts"
import { stopSignal } from "../stop-signal.ts"
import { parseServiceRanges } from "../network-flags.ts"
import { parseListen } from "../parse-listen.ts"
import { upFlags } from "../up-options.ts"

const flags = {
  "data-dir": upFlags["data-dir"],
  listen: upFlags.listen,
  "service-cluster-ip-range": {
    type: "list",
    placeholder: "CIDR,...",
    description: "where Services get addresses, one range of each family (one that is free here)",
  },
  ...storeFlags,
  ...apiServerFlags,
  verbose: upFlags.verbose,
  help: upFlags.help,
} as const

/** The API server with its store; no scheduler, no controllers, no node. What envtest is used for. */
export async function apiserver(argv: readonly string[]): Promise<number> {
  const { values, arguments: rest, given } = parseFlags(argv, flags)
  if (values.help) {
    process.stdout.write(`Usage: coracle apiserver [flags]\n\n${describeFlags(flags)}`)
    return 0
  }
  if (rest.length) throw new UsageError(`unexpected argument ${JSON.stringify(rest[0])}`)
  const apiServer = apiServerSettings(values)
  const store = parseStoreOptions(values, given)
  const directory = dataDirectory(values["data-dir"])
  const stopped = stopSignal("ended")
  claim(directory)
  try {
    const server = await startControlPlane({
      directory,
      listen: parseListen(values.listen),
      networks: await ensureNetworks(directory.path, createCommands(), {
        isShared: store.etcd.length > 0,
        wishes: parseServiceRanges(values["service-cluster-ip-range"]),
      }),
      apiServer,
      store,
      loops: false,
      clock: realClock,
      random: realRandom,
      log: createLogger({
        level: values.verbose ? "debug" : "info",
        write: (line) => process.stderr.write(line),
      }),
    })
    process.stdout.write(
      `ready ${server.address} kubeconfig ${directory.kubeconfig} after ${process.uptime().toFixed(2)} s\n`,
    )
    await stopped
    await server.stop()
  } finally {
    release(directory)
  }
  return 0
}
