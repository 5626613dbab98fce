import { decodeBase64 } from "../../../base/base64.ts"
import { quote } from "../../../base/quote.ts"
import { pemBlocks } from "../../validation/pem-blocks.ts"
import type { Secret } from "../v1/secret.ts"

/** A TLS Secret without a certificate and its key serves nobody. */
export function* tlsSecretWarnings({ type, data }: Secret): Iterable<string> {
  if (type !== "kubernetes.io/tls") return
  const problem = certificateProblem(typesIn(data?.["tls.crt"])) ?? keyProblem(typesIn(data?.["tls.key"]))
  if (problem) yield `tls: ${problem}`
}

function typesIn(encoded: string | undefined): string[] {
  return pemBlocks(new TextDecoder().decode(decodeBase64(encoded ?? ""))).map(({ type }) => type)
}

function certificateProblem(types: readonly string[]): string | undefined {
  if (types.includes("CERTIFICATE")) return undefined
  if (types.length === 0) return "failed to find any PEM data in certificate input"
  if (types.length === 1 && types[0]!.endsWith("PRIVATE KEY")) {
    return "failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched"
  }
  return `failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types.join(" ")}]`
}

function keyProblem(types: readonly string[]): string | undefined {
  if (types.some((type) => type.endsWith("PRIVATE KEY"))) return undefined
  if (types.length === 0) return "failed to find any PEM data in key input"
  if (types.length === 1 && types[0] === "CERTIFICATE") {
    return "found a certificate rather than a key in the PEM for the private key"
  }
  const wanted = quote("PRIVATE KEY")
  return `failed to find PEM block with type ending in ${wanted} in key input after skipping PEM blocks of the following types: [${types.join(" ")}]`
}
