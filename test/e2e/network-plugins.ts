import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { whyNoContainers } from "./cluster.ts"

/** Where Debian puts the CNI plugins. */
export const pluginPrograms = "/usr/lib/cni"

export function whyNoPlugins(): string | undefined {
  const missing = "not installed: CNI plugins (apt-get install containernetworking-plugins)"
  return whyNoContainers() ?? (existsSync(join(pluginPrograms, "ptp")) ? undefined : missing)
}

/** Gives the directory of the configuration, made in this one. */
export function writePluginConfiguration(parent: string, configuration: object): string {
  const directory = join(parent, "cni")
  mkdirSync(directory)
  writeFileSync(join(directory, "10-e2e.conflist"), JSON.stringify(configuration))
  return directory
}
