import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Commands } from "../../base/commands.ts"

/** The plugin that connects pods, of the configuration that a runtime would take: the first file by name. */
export function connectingPlugin(configDirectory: string): string | undefined {
  const [file] = readdirSync(configDirectory)
    .filter((name) => /\.(conf|conflist|json)$/.test(name))
    .toSorted()
  if (file === undefined) return undefined
  const { plugins, type } = JSON.parse(readFileSync(join(configDirectory, file), "utf8")) as {
    plugins?: { type?: string }[]
    type?: string
  }
  return plugins?.[0]?.type ?? type
}

/**
 * Why our rules would not see every packet between pods that this plugin connects; undefined when they do. Packets that the
 * node routes pass them. What a bridge passes on by itself does so only if the kernel shows it to them (br_netfilter).
 */
export async function whyNoPolicies(
  plugin: string | undefined,
  commands: Commands,
): Promise<string | undefined> {
  if (plugin === "ptp") return undefined
  if (plugin !== "bridge") return `it is not known whether the network plugin ${plugin} enforces them`
  await commands.run("modprobe", ["br_netfilter"]).catch(() => {})
  try {
    for (const name of ["bridge-nf-call-iptables", "bridge-nf-call-ip6tables"])
      await commands.run("tee", [`/proc/sys/net/bridge/${name}`], "1")
    return undefined
  } catch {
    return "pods of one node talk through a bridge, and this kernel has no br_netfilter to show it to the rules"
  }
}
