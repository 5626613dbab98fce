import { existsSync } from "node:fs"
import { identityHeaders } from "../../../client/real/connection.ts"
import { type NamedUser, readKubeconfig, userConnection } from "../../../client/real/kubeconfig.ts"
import { type CredentialsFor, mostExact, type WebhookCredentials } from "../webhook-credentials.ts"

/**
 * The users of a kubeconfig, each named for the servers that it is shown to; the user of the current context is for all the
 * rest. Throws when there is no such file, or when a user gets its credentials in a way that is not supported.
 */
export async function kubeconfigCredentials(path: string): Promise<CredentialsFor> {
  if (!existsSync(path)) throw new Error(`stat ${path}: no such file or directory`)
  const { users, contexts, currentContext } = await readKubeconfig(path)
  const known = new Map(users.map((user) => [user.name, credentialsOf(user)]))
  const current = contexts.find(({ name }) => name === currentContext)?.context.user
  return mostExact(known, current === undefined ? undefined : known.get(current))
}

function credentialsOf(user: NamedUser): WebhookCredentials {
  const connection = userConnection(user)
  const { clientCertificate, clientKey } = connection
  return {
    ...(clientCertificate && { certificatePem: clientCertificate }),
    ...(clientKey && { keyPem: clientKey }),
    headers: () => identityHeaders(connection),
  }
}
