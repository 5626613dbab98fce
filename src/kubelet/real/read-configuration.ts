import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import type { Logger } from "../../base/log.ts"
import { ConfigurationError } from "../../apimachinery/decode-configuration.ts"
import { defaultConfiguration } from "../configuration/default-configuration.ts"
import type { KubeletConfiguration } from "../configuration/kubelet-configuration.ts"
import { type LoadOptions, loadConfiguration } from "../configuration/load-configuration.ts"
import { usual } from "../configuration/usual-configuration.ts"

export interface ReadConfigurationOptions extends Pick<LoadOptions, "flags" | "managed"> {
  /** Undefined: there is no file. */
  readonly path: string | undefined
  /** For what the file leaves out. */
  readonly usual?: Partial<KubeletConfiguration>
  /** Told what the file asks for in vain. */
  readonly log: Pick<Logger, "warn">
}

/** How a kubelet is to work by its file and its flags. Throws ConfigurationError. */
export function readConfiguration({ path, log, ...options }: ReadConfigurationOptions): KubeletConfiguration {
  const fallback = { ...usual, ...options.usual }
  if (path === undefined) return defaultConfiguration({ ...fallback, ...options.flags })
  const { configuration, warnings } = loadConfiguration(readText(path), {
    ...options,
    path,
    usual: fallback,
    resolvePath: (each) => resolve(dirname(path), each),
  })
  for (const warning of warnings) log.warn(warning)
  return configuration
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    const why = (error as Error).message
    throw new ConfigurationError(`failed to read kubelet config file ${JSON.stringify(path)}, error: ${why}`)
  }
}
