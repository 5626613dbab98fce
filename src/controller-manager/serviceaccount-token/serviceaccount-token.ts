/**
 * ServiceAccount tokens in Secrets: a Secret of type kubernetes.io/service-account-token gets a token of the account that
 * it names, and goes when the account goes. For programs that cannot ask for a token that ends.
 *
 * Reads service accounts; reads, changes and deletes Secrets of that type. Woken by changes of either.
 */
import { Secret } from "../../api/core/v1/secret.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import type { ObjectKey } from "../../apimachinery/meta.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { accountOf, planToken } from "./plan.ts"

export interface TokenSigning {
  /** Signs the claims with the key that the API server knows. */
  readonly sign: (claims: object) => string
  /** Certificates in PEM by which pods recognize the API server. */
  readonly rootCertificateAuthority: string | undefined
}

export function createServiceAccountTokenController(signing: TokenSigning): ControllerDefinition {
  return {
    name: "serviceaccount-token-controller",
    watches: [
      watch(ServiceAccount, ({ metadata }) => [{ namespace: metadata.namespace!, name: metadata.name }]),
      watch(Secret, (secret) => {
        const account = accountOf(secret)
        return account ? [account] : []
      }),
    ],
    reconcile: (key, context) => reconcile(key, context, signing),
  }
}

/** The key is that of the account. */
async function reconcile(
  key: ObjectKey,
  { client, cache }: ReconcileContext,
  { sign, rootCertificateAuthority }: TokenSigning,
): Promise<Result> {
  const account = cache.find(ServiceAccount, key)
  const secrets = cache.list(Secret, {
    namespace: key.namespace!,
    where: (secret) => accountOf(secret)?.name === key.name && !secret.metadata.deletionTimestamp,
  })
  for (const secret of secrets) {
    const { name, namespace, uid } = secret.metadata
    const plan = planToken(secret, account, rootCertificateAuthority, sign)
    try {
      if (plan.kind === "fill") await client.update(Secret, plan.secret)
      if (plan.kind === "delete")
        await client.delete(Secret, { namespace: namespace!, name }, { preconditions: { uid } })
    } catch (error) {
      // Somebody else was faster; if it matters, it wakes us again.
      if (!isStatusError(error, "NotFound", "Conflict")) throw error
    }
  }
  return done
}
