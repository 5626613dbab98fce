import { type FlagValues, parseFlags } from "../../base/flags.ts"
import { realClock } from "../../base/real/clock.ts"
import { createCommands } from "../../base/real/commands.ts"
import { type DataDirectory, dataDirectory, findOwner } from "../data-directory.ts"
import { parseToken } from "../joining/bootstrap-token.ts"
import { joinCluster } from "../joining/join-cluster.ts"
import { machineName, whyNoRealNode } from "../machine.ts"
import type { ForeignPlugin } from "../../network/foreign/create-foreign-network.ts"
import { connectingPlugin, whyNoPolicies } from "../../network/foreign/why-no-policies.ts"
import { rememberForeignPlugin } from "../nodes/foreign-plugin-file.ts"
import { changeNodeSettings, hasNodeFiles, type NodeSettings } from "../nodes/node-files.ts"
import { describeFlags, UsageError } from "./command.ts"
import { foreignPluginFlags, parseForeignPlugin } from "./foreign-plugin-flags.ts"
import { kubeletFlags, parseKubeletFiles } from "./kubelet-flags.ts"
import { nodeIpFlag, parseNodeIps } from "./node-ip-flag.ts"
import { runUntilStopped } from "./node-run.ts"
import { upFlags } from "./up-options.ts"

const flags = {
  token: { type: "string", placeholder: "TOKEN", description: "from `coracle token create` at the cluster" },
  "ca-cert-hash": {
    type: "list",
    placeholder: "sha256:HEX",
    description: "refuse a cluster whose authority is not this",
  },
  name: { type: "string", placeholder: "NAME", description: "the node's name (the machine's)" },
  ...nodeIpFlag,
  ...foreignPluginFlags,
  ...kubeletFlags,
  "data-dir": upFlags["data-dir"],
  verbose: upFlags.verbose,
  help: upFlags.help,
} as const

/** Makes this machine a node of a cluster, and runs it until it is told to stop. */
export async function nodeJoin(argv: readonly string[]): Promise<number> {
  const { values, arguments: rest } = parseFlags(argv, flags)
  if (values.help) {
    process.stdout.write(`Usage: coracle node join URL --token TOKEN [flags]\n\n${describeFlags(flags)}`)
    return 0
  }
  const [url, more] = rest
  if (!url) throw new UsageError("URL is missing: where the cluster's API server is, https://192.0.2.7:6443")
  if (more) throw new UsageError(`unexpected argument ${JSON.stringify(more)}`)
  const obstacle = whyNoRealNode()
  if (obstacle) throw new Error(obstacle)
  const directory = dataDirectory(values["data-dir"])
  const owner = findOwner(directory)
  if (owner !== undefined)
    throw new Error(
      `process ${owner} runs a cluster or a node in ${directory.path}: choose another --data-dir`,
    )
  const settings = parseSettings(values)
  const foreignPlugin = parseForeignPlugin(values)
  const nodeName = values.name ?? machineName()
  // Joined once, it is a node: a second join with the same directory just runs it.
  if (!hasNodeFiles(directory, nodeName)) {
    await joinCluster({
      server: parseServer(url),
      token: requireToken(values.token),
      authorityHashes: values["ca-cert-hash"],
      nodeName,
      directory,
      settings,
      clock: realClock,
    })
    process.stdout.write(`joined ${url} as ${nodeName}\n`)
  } else changeNodeSettings(directory, nodeName, settings)
  if (foreignPlugin) await useForeignPlugin(directory, nodeName, foreignPlugin)
  return runUntilStopped(directory, nodeName, { supervised: false, verbose: values.verbose })
}

/** What flags say of the node; the rest stays as it was. */
function parseSettings(values: FlagValues<typeof flags>): NodeSettings {
  const nodeIps = parseNodeIps(values["node-ip"])
  return { ...parseKubeletFiles(values), ...(nodeIps && { nodeIps }) }
}

/** For this start and all that follow, until it joins again. */
async function useForeignPlugin(
  directory: DataDirectory,
  nodeName: string,
  foreignPlugin: ForeignPlugin,
): Promise<void> {
  rememberForeignPlugin(directory, nodeName, foreignPlugin)
  const plugin = connectingPlugin(foreignPlugin.configDirectory)
  const doubt = await whyNoPolicies(plugin, createCommands())
  if (doubt !== undefined)
    process.stdout.write(`NetworkPolicies may not be enforced on ${nodeName}: ${doubt}.\n`)
}

function parseServer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== "https:")
    throw new UsageError(`${text} is not the address of an API server: https://192.0.2.7:6443`)
  return url.origin
}

function requireToken(text: string | undefined) {
  const token = parseToken(text ?? "")
  if (token) return token
  throw new UsageError(
    text === undefined
      ? "--token is missing: `coracle token create` at the cluster makes one"
      : "--token: expected a form like abcdef.0123456789abcdef",
  )
}
