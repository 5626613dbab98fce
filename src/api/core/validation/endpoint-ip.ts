import { invalidValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { type IpNetwork, networkHas, parseIp, parseNetwork } from "../../../base/ip-address.ts"
import type { Errors } from "../../validation/checks.ts"

const ranges = [
  { what: "be in the loopback range (127.0.0.0/8, ::1/128)", networks: ["127.0.0.0/8", "::1/128"] },
  {
    what: "be in the link-local range (169.254.0.0/16, fe80::/10)",
    networks: ["169.254.0.0/16", "fe80::/10"],
  },
  {
    what: "be in the link-local multicast range (224.0.0.0/24, ff02::/10)",
    networks: ["224.0.0.0/24", "ff02::/16"],
  },
].map(({ what, networks }) => ({
  detail: `may not ${what}`,
  networks: networks.map(parseNetwork).filter((network): network is IpNetwork => network !== undefined),
}))

/** Traffic of a Service must not end up on the node itself, or on its link. */
export function* endpointIp(text: string, path: FieldPath): Errors {
  const address = parseIp(text)
  if (!address) {
    yield invalidValue(path, text, "must be a valid IP address")
    return
  }
  if (address.value === 0n) yield invalidValue(path, text, `may not be unspecified (${text})`)
  for (const { networks, detail } of ranges) {
    if (networks.some((network) => networkHas(network, address))) yield invalidValue(path, text, detail)
  }
}
