import type { SecureContextOptions } from "node:tls"
import { trust } from "../../base/real/trust.ts"

/** Where a server is and how to prove who we are. Certificates and keys are PEM text. */
export interface Connection {
  /** "https://127.0.0.1:6443"; a path is put before every request's. */
  readonly server: string
  readonly certificateAuthority?: string
  readonly clientCertificate?: string
  readonly clientKey?: string
  /** A bearer token, or a function that gives the newest one (they are rotated). */
  readonly token?: string | (() => string | Promise<string>)
  readonly username?: string
  readonly password?: string
  /** Accepts any server certificate. */
  readonly insecureSkipTlsVerify?: boolean
  /** The name the server's certificate must bear, where it differs from the host. */
  readonly tlsServerName?: string
  readonly impersonate?: {
    readonly user: string
    readonly groups?: readonly string[]
    readonly uid?: string
  }
}

export function tlsOptions(connection: Connection): SecureContextOptions & {
  rejectUnauthorized?: boolean
  servername?: string
} {
  const { certificateAuthority, clientCertificate, clientKey } = connection
  return {
    ...(certificateAuthority && trust(certificateAuthority)),
    ...(clientCertificate && { cert: clientCertificate }),
    ...(clientKey && { key: clientKey }),
    ...(connection.insecureSkipTlsVerify && { rejectUnauthorized: false }),
    ...(connection.tlsServerName && { servername: connection.tlsServerName }),
  }
}

/** The headers that say who asks. A header given several times is a list. */
export async function identityHeaders(
  connection: Omit<Connection, "server">,
): Promise<Record<string, string | string[]>> {
  const headers: Record<string, string | string[]> = {}
  const { token, username, password, impersonate } = connection
  const bearer = typeof token === "function" ? await token() : token
  if (bearer) headers["authorization"] = `Bearer ${bearer}`
  else if (username !== undefined)
    headers["authorization"] = `Basic ${Buffer.from(`${username}:${password ?? ""}`).toString("base64")}`
  if (impersonate) {
    headers["impersonate-user"] = impersonate.user
    if (impersonate.uid) headers["impersonate-uid"] = impersonate.uid
    if (impersonate.groups?.length) headers["impersonate-group"] = [...impersonate.groups]
  }
  return headers
}
