import { createHash, createHmac, timingSafeEqual, X509Certificate } from "node:crypto"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import { createClient } from "../../client/create-client.ts"
import { createHttpsTransport } from "../../client/real/https-transport.ts"
import { parseKubeconfigAuthority } from "../certificates/kubeconfig.ts"
import type { BootstrapToken } from "./bootstrap-token.ts"
import { clusterInfoKey } from "./publish-cluster-info.ts"

export interface Discovery {
  readonly server: string
  readonly token: BootstrapToken
  /** "sha256:HEX" of the authority's public key; what is not it is refused. */
  readonly authorityHashes: readonly string[]
  readonly clock: Clock
}

/** A token that was just made is signed for in a moment. */
const signatureMs = 10_000

/**
 * Asks a server that nobody vouches for who its authority is, and believes the answer if it is signed with the token, which
 * only the cluster and its administrator know. Gives the authority in PEM.
 */
export async function discoverAuthority({
  server,
  token,
  authorityHashes,
  clock,
}: Discovery): Promise<string> {
  const transport = createHttpsTransport({ server, insecureSkipTlsVerify: true }, { clock })
  try {
    const client = createClient(transport)
    for (const startedMs = clock.monotonic(); ; ) {
      const { data } = await client.get(ConfigMap, clusterInfoKey)
      const content = data?.["kubeconfig"] ?? ""
      const signature = data?.[`jws-kubeconfig-${token.id}`]
      if (signature !== undefined) {
        if (!isSignedWith(token, content, signature))
          throw new Error(
            `${server} does not know the token ${token.id}.***: it is wrong, or this is not the cluster it was made for`,
          )
        return checkHash(parseKubeconfigAuthority(content), authorityHashes)
      }
      if (clock.monotonic() - startedMs > signatureMs)
        throw new Error(
          `${server} has no signature by the token ${token.id}.***: it has expired or was deleted; make one with \`coracle token create\``,
        )
      await sleep(clock, 200)
    }
  } finally {
    transport.close()
  }
}

/** A detached JSON Web Signature: header, nothing, signature. */
function isSignedWith(token: BootstrapToken, content: string, jws: string): boolean {
  const [header, middle, signature] = jws.split(".")
  if (!header || middle !== "" || !signature) return false
  const payload = Buffer.from(content).toString("base64url")
  const expected = createHmac("sha256", token.secret).update(`${header}.${payload}`).digest()
  const given = Buffer.from(signature, "base64url")
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** kubeadm's form: the SHA-256 of the authority's public key. */
export function authorityHash(authorityPem: string): string {
  const info = new X509Certificate(authorityPem).publicKey.export({ type: "spki", format: "der" })
  return `sha256:${createHash("sha256").update(info).digest("hex")}`
}

function checkHash(authorityPem: string, hashes: readonly string[]): string {
  const hash = authorityHash(authorityPem)
  if (hashes.length > 0 && !hashes.includes(hash))
    throw new Error(`the cluster's authority is ${hash}, which is none of those given by --ca-cert-hash`)
  return authorityPem
}
