import { ipFamily, parseIp } from "../../base/ip-address.ts"
import { isMachineAddress } from "../machine.ts"
import { UsageError } from "./command.ts"

/** Which of a machine's addresses a node has, where it is the machine. */
export const nodeIpFlag = {
  "node-ip": {
    type: "string",
    placeholder: "IP,...",
    description:
      "the machine's address at which others reach the node, of each family (that of its default route)",
  },
} as const

/** Undefined where nothing is said. Throws UsageError for what is no address of this machine. */
export function parseNodeIps(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined
  const addresses = parseNodeAddresses(text)
  const missing = addresses.find((address) => !isMachineAddress(address))
  if (missing !== undefined)
    throw new UsageError(
      `--node-ip ${text}: node IP: "${missing}" not found in the host's network interfaces`,
    )
  return addresses
}

/** An address, or one of each family. */
export function parseNodeAddresses(text: string): readonly string[] {
  const addresses = text.split(",").filter(Boolean)
  const wrong = addresses.find((address) => !parseIp(address))
  if (wrong !== undefined) throw new UsageError(`--node-ip ${text}: ${wrong} is no address`)
  if (new Set(addresses.map(ipFamily)).size < addresses.length || addresses.length === 0)
    throw new UsageError(`--node-ip ${text}: expected an address, or one of each family`)
  return addresses
}
