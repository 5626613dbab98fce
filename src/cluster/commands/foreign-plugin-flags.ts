import { existsSync } from "node:fs"
import { resolve } from "node:path"
import type { FlagValues } from "../../base/flags.ts"
import type { ForeignPlugin } from "../../network/foreign/create-foreign-network.ts"
import { connectingPlugin } from "../../network/foreign/why-no-policies.ts"
import { UsageError } from "./command.ts"

export const foreignPluginFlags = {
  "cni-conf-dir": {
    type: "string",
    placeholder: "DIR",
    description: "connect pods by the CNI plugins that are configured here, not by our own",
  },
  "cni-bin-dir": {
    type: "string",
    default: "/usr/lib/cni",
    placeholder: "DIR",
    description: "where those plugins are (/usr/lib/cni)",
  },
} as const

/** Undefined: our own plugin. What cannot work is refused before anything starts. */
export function parseForeignPlugin(values: FlagValues<typeof foreignPluginFlags>): ForeignPlugin | undefined {
  const { "cni-conf-dir": configured, "cni-bin-dir": programs } = values
  if (configured === undefined) return undefined
  const [configDirectory, binaryDirectory] = [resolve(configured), resolve(programs)]
  if (!existsSync(configDirectory)) throw new UsageError(`--cni-conf-dir ${configured} does not exist`)
  const plugin = connectingPlugin(configDirectory)
  if (plugin === undefined)
    throw new UsageError(`--cni-conf-dir ${configured} has no configuration of a network`)
  for (const program of [plugin, "loopback"])
    if (!existsSync(resolve(binaryDirectory, program)))
      throw new UsageError(
        `--cni-bin-dir ${programs} has no plugin ${program}: apt-get install containernetworking-plugins`,
      )
  return { configDirectory, binaryDirectory }
}
