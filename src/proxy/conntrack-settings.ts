import type { Commands } from "../base/commands.ts"
import type { Logger } from "../base/log.ts"
import { parseDuration } from "../apimachinery/duration.ts"
import type { ConntrackConfiguration } from "./configuration/proxy-configuration.ts"

const directory = "/proc/sys/net/netfilter"

/** The kernel's settings of connection tracking that a configuration asks for, by their names there. */
export function planConntrackSettings(
  configuration: Partial<ConntrackConfiguration>,
  cores: number,
): Readonly<Record<string, number>> {
  const { maxPerCore, min } = configuration
  const settings: Record<string, number> = {}
  if (maxPerCore) settings["nf_conntrack_max"] = Math.max(maxPerCore * cores, min ?? 0)
  for (const [name, text] of [
    ["nf_conntrack_tcp_timeout_established", configuration.tcpEstablishedTimeout],
    ["nf_conntrack_tcp_timeout_close_wait", configuration.tcpCloseWaitTimeout],
    ["nf_conntrack_udp_timeout", configuration.udpTimeout],
    ["nf_conntrack_udp_timeout_stream", configuration.udpStreamTimeout],
  ] as const) {
    const seconds = text ? Math.floor(parseDuration(text) / 1000) : 0
    if (seconds > 0) settings[name] = seconds
  }
  if (configuration.tcpBeLiberal) settings["nf_conntrack_tcp_be_liberal"] = 1
  return settings
}

/** A setting that this machine does not let itself be given is an error: somebody relies on it. */
export async function applyConntrackSettings(
  settings: Readonly<Record<string, number>>,
  { commands, log }: { readonly commands: Commands; readonly log: Logger },
): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await commands.run("tee", [`${directory}/${name}`], String(value))
    log.info("connection tracking is set", { name, value })
  }
}
