/** How a webhook can tell that it is this server that calls. */
export interface WebhookCredentials {
  readonly certificatePem?: string
  readonly keyPem?: string
  /** Asked for each call: tokens are rotated. */
  headers(): Promise<Readonly<Record<string, string | readonly string[]>>>
}

/** The credentials that a webhook at `host` and `port` is shown; undefined: none. */
export type CredentialsFor = (host: string, port: number) => WebhookCredentials | undefined

/**
 * Credentials go by the names of the servers that they are shown to: "validating.example.com:8443", "*.example.com" or "*"
 * (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#authenticate-apiservers).
 * The most exact name counts, and where none does, `otherwise`.
 */
export function mostExact<T>(
  known: ReadonlyMap<string, T>,
  otherwise: T | undefined,
): (host: string, port: number) => T | undefined {
  return (host, port) => {
    const names = [...namesFor(`${host}:${port}`), ...(port === 443 ? namesFor(host) : []), "*"]
    const name = names.find((each) => known.has(each))
    return name === undefined ? otherwise : known.get(name)
  }
}

/** "a.b.c" is also told as "*.b.c" and "*.c". */
function namesFor(server: string): string[] {
  const steps = server.split(".")
  return [server, ...steps.slice(1).map((_, index) => `*.${steps.slice(index + 1).join(".")}`)]
}
