import { quote } from "../../../base/quote.ts"

/** How the static policy gives processors away. */
export interface StaticPolicyOptions {
  /** Whole cores or nothing, so that nobody else is on them. */
  readonly fullPhysicalCpusOnly: boolean
  /** Evenly over NUMA nodes where one is not enough. */
  readonly distributeAcrossNuma: boolean
  /** Those who share processors are kept from the reserved ones too. */
  readonly strictReservation: boolean
  /** Processors of one cache where they fit into one. */
  readonly alignByUncoreCache: boolean
}

const names = {
  "full-pcpus-only": "fullPhysicalCpusOnly",
  "distribute-cpus-across-numa": "distributeAcrossNuma",
  "strict-cpu-reservation": "strictReservation",
  "prefer-align-cpus-by-uncorecache": "alignByUncoreCache",
} as const

/** In upstream behind a gate that is off. */
const alpha = ["align-by-socket", "distribute-cpus-across-cores"]

/** `cpuManagerPolicyOptions` of a configuration. Throws Error in upstream's words. */
export function parseStaticPolicyOptions(given: Readonly<Record<string, string>> = {}): StaticPolicyOptions {
  const options = {
    fullPhysicalCpusOnly: false,
    distributeAcrossNuma: false,
    strictReservation: false,
    alignByUncoreCache: false,
  }
  for (const [name, text] of Object.entries(given)) {
    if (alpha.includes(name))
      throw new Error(
        `CPU Manager Policy Alpha-level Options not enabled, but option ${quote(name)} provided`,
      )
    if (!Object.hasOwn(names, name)) throw new Error(`unknown CPU Manager Policy option: ${quote(name)}`)
    options[names[name as keyof typeof names]] = parseOptionBool(name, text)
  }
  if (options.alignByUncoreCache && options.distributeAcrossNuma)
    throw new Error(
      "static policy options prefer-align-cpus-by-uncorecache and distribute-cpus-across-numa can not be used at the same time",
    )
  return options
}

/** What Go's parser takes for a truth value. */
export function parseOptionBool(name: string, text: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false
  throw new Error(
    `bad value for option ${quote(name)}: strconv.ParseBool: parsing ${quote(text)}: invalid syntax`,
  )
}
