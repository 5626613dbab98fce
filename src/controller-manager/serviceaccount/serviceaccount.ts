/**
 * ServiceAccount: every namespace has the account "default", which pods use that name none.
 *
 * Reads namespaces and service accounts; creates service accounts.
 * Woken by changes of namespaces and of accounts of that name.
 */
import { Namespace } from "../../api/core/v1/namespace.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import type { ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreAlreadyExists } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { ignoreNamespaceTerminating } from "../shared/pod-control.ts"

const name = "default"

export const serviceAccountController: ControllerDefinition = {
  name: "serviceaccount-controller",
  watches: [
    watch(Namespace, ({ metadata }) => [{ name: metadata.name }]),
    watch(ServiceAccount, ({ metadata }) => (metadata.name === name ? [{ name: metadata.namespace! }] : [])),
  ],
  workers: 1,
  reconcile,
}

/** The key is that of the namespace. */
async function reconcile(key: ObjectKey, { client, cache }: ReconcileContext): Promise<Result> {
  const namespace = cache.find(Namespace, key)
  if (namespace?.status.phase !== "Active" || namespace.metadata.deletionTimestamp) return done
  if (cache.find(ServiceAccount, { namespace: key.name, name })) return done
  await client
    .create(ServiceAccount, { metadata: { namespace: key.name, name } })
    .catch(ignoreAlreadyExists)
    .catch(ignoreNamespaceTerminating)
  return done
}
