import type { FlagValues } from "../../base/flags.ts"
import type { IngressSettings } from "../ingress.ts"
import { UsageError } from "./command.ts"

export const ingressFlags = {
  ingress: {
    type: "string",
    placeholder: "ADDR|off",
    description: "where requests for Ingresses are taken (where the API server listens), or off",
  },
  "ingress-ports": {
    type: "string",
    default: "80,443",
    placeholder: "HTTP,HTTPS",
    description: "the ports for them (80,443)",
  },
} as const

/** Undefined: off. `apiServerHost` is where the API server listens. */
export function parseIngress(
  values: FlagValues<typeof ingressFlags>,
  apiServerHost: string,
): IngressSettings | undefined {
  const { ingress = apiServerHost, "ingress-ports": text } = values
  if (ingress === "off") return undefined
  const [, http, https] = /^(\d{1,5}),(\d{1,5})$/.exec(text) ?? []
  const [httpPort, httpsPort] = [Number(http), Number(https)]
  if (!(httpPort <= 65_535 && httpsPort <= 65_535) || (httpPort === httpsPort && httpPort !== 0))
    throw new UsageError(`--ingress-ports ${text}: expected two different ports, such as 80,443`)
  return { host: ingress, httpPort, httpsPort }
}
