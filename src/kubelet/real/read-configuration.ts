import { readdirSync, readFileSync } from "node:fs"
import { dirname, extname, join, resolve } from "node:path"
import type { Logger } from "../../base/log.ts"
import { ConfigurationError } from "../../apimachinery/decode-configuration.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import {
  type ConfigurationSource,
  type LoadOptions,
  loadConfiguration,
} from "../configuration/load-configuration.ts"
import { usual } from "../configuration/usual-configuration.ts"

export interface ReadConfigurationOptions extends Pick<LoadOptions, "flags" | "managed"> {
  /** Undefined: there is no file. */
  readonly path: string | undefined
  /** Of files that change what the first one says. @default there are none */
  readonly directory?: string | undefined
  /** For what the files leave out. */
  readonly usual?: Partial<KubeletConfiguration>
  /** Told what the files ask for in vain. */
  readonly log: Pick<Logger, "warn">
}

/** How a kubelet is to work by its files and its flags. Throws ConfigurationError. */
export function readConfiguration({
  path,
  directory,
  log,
  ...options
}: ReadConfigurationOptions): KubeletConfiguration {
  const fallback = { ...usual, ...options.usual }
  const sources = [
    ...(path === undefined ? [] : [sourceAt(path)]),
    ...(directory ? findDropIns(directory, log) : []).map((each) => ({ ...sourceAt(each), isDropIn: true })),
  ]
  if (sources.length === 0) return defaultConfiguration({ ...fallback, ...options.flags })
  const { configuration, warnings } = loadConfiguration(sources, { ...options, usual: fallback })
  for (const warning of warnings) log.warn(warning)
  return configuration
}

/** In the order of their names, those of a directory where its own name stands. */
function findDropIns(directory: string, log: Pick<Logger, "warn">): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true })
    return entries
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const path = join(directory, entry.name)
        if (entry.isDirectory()) return findDropIns(path, log)
        if (extname(entry.name) === ".conf") return [path]
        log.warn("kubelet drop-in file is ignored: its name does not end in .conf", { path })
        return []
      })
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const why = (error as Error).message
    throw new ConfigurationError(
      `failed to walk through kubelet dropin directory ${JSON.stringify(directory)}: ${why}`,
    )
  }
}

function sourceAt(path: string): ConfigurationSource {
  return { path, text: readText(path), resolvePath: (each) => resolve(dirname(path), each) }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    const why = (error as Error).message
    throw new ConfigurationError(`failed to read kubelet config file ${JSON.stringify(path)}, error: ${why}`)
  }
}
