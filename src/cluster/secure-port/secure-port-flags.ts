import { readFileSync } from "node:fs"
import type { FlagValues } from "../../base/flags.ts"
import type { Pages } from "../../base/real/serve-pages.ts"
import type { Client } from "../../client/client.ts"
import { issueTemporary } from "../certificates/issue-certificate.ts"
import { type ComponentProbes, withComponentPages } from "../component-pages.ts"
import { UsageError } from "../commands/command.ts"
import type { ConnectedParts } from "../commands/components/connect.ts"
import { serveSecurePort } from "./serve-secure-port.ts"

/** As kube-controller-manager and kube-scheduler have them. */
export function securePortFlags(port: string) {
  return {
    "secure-port": {
      type: "string",
      default: port,
      placeholder: "PORT",
      description: `health, metrics and configuration over HTTPS to those who may; 0: not at all (${port})`,
    },
    "bind-address": {
      type: "string",
      default: "127.0.0.1",
      placeholder: "ADDR",
      description: "where the secure port listens (127.0.0.1)",
    },
    "tls-cert-file": { type: "string", placeholder: "FILE", description: "what the secure port shows" },
    "tls-private-key-file": { type: "string", placeholder: "FILE", description: "its key" },
    profiling: {
      type: "bool",
      default: true,
      description: "tell at /debug/pprof/ where the process spends its time (true)",
    },
  } as const
}

export type SecurePortValues = FlagValues<ReturnType<typeof securePortFlags>>

export interface SecurePortParts extends Pick<ConnectedParts, "clock" | "random" | "log" | "signal"> {
  readonly client: Client
  readonly probes: ComponentProbes
  /** @default what the flag says */
  readonly profiling?: boolean
}

/** Opens the port unless it is 0. Without files it shows a certificate that nobody has reason to believe. */
export async function openSecurePort(
  component: string,
  values: SecurePortValues,
  parts: SecurePortParts,
  pages: Pages,
): Promise<number | undefined> {
  const port = Number(values["secure-port"])
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--secure-port ${JSON.stringify(values["secure-port"])} is no port`)
  if (port === 0) return undefined
  const serving = servingPair(component, values, parts)
  const paths = ["/configz", "/metrics"]
  const { clock, probes, profiling = values.profiling } = parts
  const described = withComponentPages(component, { clock, paths, values, probes, profiling }, pages)
  return serveSecurePort({ ...parts, host: values["bind-address"], port, serving, pages: described })
}

/** The certificate and key that the flags name, or a pair of its own making. */
export function servingPair(
  name: string,
  values: Pick<SecurePortValues, "tls-cert-file" | "tls-private-key-file">,
  { clock, random }: Pick<ConnectedParts, "clock" | "random">,
): { certificate: string; key: string } {
  const [certificate, key] = [values["tls-cert-file"], values["tls-private-key-file"]]
  if (certificate && key)
    return { certificate: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") }
  if (certificate || key) throw new UsageError("--tls-cert-file and --tls-private-key-file go together")
  const { certificatePem, keyPem } = issueTemporary(name, clock.now(), random)
  return { certificate: certificatePem, key: keyPem }
}
