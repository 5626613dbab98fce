import { Secret } from "../../api/core/v1/secret.ts"
import { formatTime } from "../../apimachinery/time.ts"
import { integer, type Random } from "../../base/random.ts"
import type { Client } from "../../client/client.ts"
import { bootstrapGroup } from "./join-policy.ts"

/** "abcdef.0123456789abcdef": the part that names it, and the part that is secret. */
export interface BootstrapToken {
  readonly id: string
  readonly secret: string
}

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"

export function generateToken(random: Random): BootstrapToken {
  const characters = (count: number) =>
    Array.from({ length: count }, () => alphabet[integer(random, alphabet.length)]).join("")
  return { id: characters(6), secret: characters(16) }
}

/** Undefined for what is none. */
export function parseToken(text: string): BootstrapToken | undefined {
  const [, id, secret] = /^([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(text) ?? []
  return id && secret ? { id, secret } : undefined
}

export function formatToken({ id, secret }: BootstrapToken): string {
  return `${id}.${secret}`
}

export function tokenKey(id: string): { namespace: string; name: string } {
  return { namespace: "kube-system", name: `bootstrap-token-${id}` }
}

export interface NewToken {
  readonly token: BootstrapToken
  readonly description?: string
  /** Undefined: never. */
  readonly expiresAtMs: number | undefined
}

/** Makes the token known: it may authenticate a joining machine, and sign what tells that machine about the cluster. */
export async function createToken(
  client: Client,
  { token, description, expiresAtMs }: NewToken,
): Promise<void> {
  await client.create(Secret, {
    metadata: tokenKey(token.id),
    type: "bootstrap.kubernetes.io/token",
    stringData: {
      "token-id": token.id,
      "token-secret": token.secret,
      "usage-bootstrap-authentication": "true",
      "usage-bootstrap-signing": "true",
      "auth-extra-groups": bootstrapGroup,
      ...(description && { description }),
      ...(expiresAtMs !== undefined && { expiration: formatTime(expiresAtMs) }),
    },
  })
}
