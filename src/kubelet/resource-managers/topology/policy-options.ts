import { quote } from "../../../base/quote.ts"
import { parseOptionBool } from "../cpu/policy-options.ts"

export interface TopologyPolicyOptions {
  readonly preferClosest: boolean
  readonly maxNumaNodes: number
}

/** With more nodes the ways to combine hints are too many to look at. */
const usualNodes = 8

/** `topologyManagerPolicyOptions` of a configuration. Throws Error in upstream's words. */
export function parseTopologyOptions(given: Readonly<Record<string, string>> = {}): TopologyPolicyOptions {
  let [preferClosest, maxNumaNodes] = [false, usualNodes]
  for (const [name, text] of Object.entries(given)) {
    if (name === "prefer-closest-numa-nodes") preferClosest = parseOptionBool(name, text)
    else if (name === "max-allowable-numa-nodes") maxNumaNodes = parseNodes(name, text)
    else throw new Error(`unknown Topology Manager Policy option: ${quote(name)}`)
  }
  return { preferClosest, maxNumaNodes }
}

function parseNodes(name: string, text: string): number {
  if (!/^[+-]?\d+$/.test(text))
    throw new Error(
      `unable to convert policy option to integer ${quote(name)}: strconv.Atoi: parsing ${quote(text)}: invalid syntax`,
    )
  if (Number(text) < usualNodes)
    throw new Error(`the minimum value of ${quote(name)} should not be less than ${usualNodes}`)
  return Number(text)
}
