import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs"
import { extname, join } from "node:path"
import { ConfigurationError } from "../../../apimachinery/decode-configuration.ts"
import { messageOf } from "../../../base/message-of.ts"
import {
  type CredentialProviderSettings,
  decodeProviders,
} from "../../images/credentials/provider-configuration.ts"

/** Where credential providers are: their configuration, a file or a directory of such, and the directory of their programs. */
export interface ProviderPlaces {
  readonly configuration: string
  readonly programs: string
}

/** Throws ConfigurationError, also when a program is not there: pods would wait for images without anybody knowing why. */
export function readProviders({ configuration, programs }: ProviderPlaces): CredentialProviderSettings[] {
  if (!statSync(programs, { throwIfNoEntry: false })?.isDirectory())
    throw new ConfigurationError(`plugin binary directory ${programs} did not exist`)
  const files = findFiles(configuration).map((path) => ({ path, text: readText(path) }))
  const providers = decodeProviders(files)
  for (const { name } of providers) {
    try {
      accessSync(join(programs, name), constants.X_OK)
    } catch (error) {
      throw new ConfigurationError(
        `plugin binary executable ${join(programs, name)} did not exist or cannot be executed: ${messageOf(error)}`,
        { cause: error },
      )
    }
  }
  return providers
}

function findFiles(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found)
    throw new ConfigurationError(`unable to access path "${path}": there is no such file or directory`)
  if (!found.isDirectory()) return [path]
  const files = readdirSync(path, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && [".json", ".yaml", ".yml"].includes(extname(entry.name)))
    .map(({ name }) => join(path, name))
    .sort()
  if (files.length === 0) throw new ConfigurationError(`no configuration files found in directory "${path}"`)
  return files
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    throw new ConfigurationError(`unable to read file "${path}": ${messageOf(error)}`, { cause: error })
  }
}
