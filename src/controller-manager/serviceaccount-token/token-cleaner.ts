/**
 * Cleaner of old tokens: a Secret with a token that was made for an account automatically, as clusters before 1.24 did, and
 * that nobody has used for a year, is marked as invalid, and deleted a year later.
 *
 * Reads Secrets, service accounts and pods; labels and deletes Secrets. Looks once a day.
 */
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { podReferences } from "../../api/core/v1/pod-references.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { keyOf, type ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound, isStatusError } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import {
  type ControllerDefinition,
  type ReconcileContext,
  requeueAfter,
  watch,
} from "../../client/controller.ts"
import { accountOf, accountUidAnnotation, tokenSecretType } from "./plan.ts"

const dayMs = 24 * 3600_000
const lastUsedLabel = "kubernetes.io/legacy-token-last-used"
const invalidSinceLabel = "kubernetes.io/legacy-token-invalid-since"
const tracking: ObjectKey = {
  namespace: "kube-system",
  name: "kube-apiserver-legacy-service-account-token-tracking",
}

/** `unusedMs` is `--legacy-service-account-token-clean-up-period`. @default a year */
export function createTokenSecretCleaner(unusedMs: number = 365 * dayMs): ControllerDefinition {
  return {
    name: "legacy-serviceaccount-token-cleaner-controller",
    watches: [watch(Secret, () => []), watch(ServiceAccount, () => []), watch(Pod, () => [])],
    workers: 1,
    attach: (enqueue) => enqueue({ name: "tokens" }),
    async reconcile(_, context) {
      await cleanUp(context, unusedMs)
      return requeueAfter(dayMs)
    },
  }
}

async function cleanUp({ client, cache, clock }: ReconcileContext, unusedMs: number): Promise<void> {
  const nowMs = clock.now()
  const told = await client.get(ConfigMap, tracking).catch(ignoreNotFound)
  const since = Date.parse(told?.data?.["since"] ?? "")
  // "Never used" means something only once uses have been noted for as long.
  if (!(nowMs >= since + dayMs + unusedMs)) return
  for (const secret of cache.list(Secret, { where: (one) => isUnused(one, nowMs - unusedMs) })) {
    if (!isAutomatic(secret, cache) || isMounted(secret, cache)) continue
    const invalidSince = Date.parse(secret.metadata.labels?.[invalidSinceLabel] ?? "")
    if (Number.isNaN(invalidSince)) {
      const labels = { [invalidSinceLabel]: dayOf(nowMs) }
      const body = { metadata: { uid: secret.metadata.uid, labels } }
      await client.patch(Secret, keyOf(secret), { type: "merge", body }).catch(ignoreNotFound)
    } else if (dayOf(invalidSince) < dayOf(nowMs - unusedMs)) await remove(secret, client)
  }
}

async function remove(secret: Secret, client: ReconcileContext["client"]): Promise<void> {
  const { resourceVersion } = secret.metadata
  try {
    await client.delete(Secret, keyOf(secret), { preconditions: { resourceVersion } })
  } catch (error) {
    // Gone, or changed meanwhile.
    if (!isStatusError(error, "NotFound", "Conflict")) throw error
  }
}

function isUnused({ type, metadata }: Secret, sinceMs: number): boolean {
  if (type !== tokenSecretType || metadata.deletionTimestamp) return false
  if (Date.parse(metadata.creationTimestamp) >= sinceMs) return false
  const lastUsed = metadata.labels?.[lastUsedLabel]
  if (lastUsed === undefined) return true
  return !Number.isNaN(Date.parse(lastUsed)) && lastUsed < dayOf(sinceMs)
}

/** Only those on their account's list were made without a person's wish. */
function isAutomatic(secret: Secret, cache: Cache): boolean {
  const key = accountOf(secret)
  const account = key && cache.find(ServiceAccount, key)
  const uid = secret.metadata.annotations?.[accountUidAnnotation]
  if (!account || (uid && uid !== account.metadata.uid)) return false
  return account.secrets?.some(({ name }) => name === secret.metadata.name) === true
}

function isMounted({ metadata }: Secret, cache: Cache): boolean {
  const { namespace = "", name } = metadata
  return cache
    .list(Pod, { namespace })
    .some((pod) => [...podReferences(pod)].some((one) => one.kind === "secrets" && one.name === name))
}

function dayOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 10)
}
