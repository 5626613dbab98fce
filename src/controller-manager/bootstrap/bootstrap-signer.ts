/**
 * Bootstrap signer: the ConfigMap kube-public/cluster-info, which tells strangers where the API server is and how to
 * recognize it, carries a signature for every bootstrap token, so that whoever has one can trust it.
 *
 * Reads that ConfigMap and bootstrap tokens; writes the ConfigMap's `jws-kubeconfig-ID`. Woken by changes of both, and
 * when a token expires.
 */
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import type { ObjectKey } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  requeueAfter,
  type Result,
  watch,
} from "../../client/controller.ts"
import { sameMap } from "../shared/deep-equal.ts"
import { expiresInMs, isBootstrapToken, signingTokenOf, tokenNamespace } from "./bootstrap-token.ts"
import { detachedSignature, type Hmac } from "./detached-signature.ts"

const clusterInfo: ObjectKey = { namespace: "kube-public", name: "cluster-info" }
const signaturePrefix = "jws-kubeconfig-"

export function createBootstrapSigner(hmac: Hmac): ControllerDefinition {
  return {
    name: "bootstrap-signer-controller",
    eventSource: "bootstrap-signer",
    watches: [
      watch(ConfigMap, ({ metadata }) =>
        metadata.name === clusterInfo.name && metadata.namespace === clusterInfo.namespace
          ? [clusterInfo]
          : [],
      ),
      watch(Secret, (secret) => (isBootstrapToken(secret) ? [clusterInfo] : [])),
    ],
    reconcile: (_, context) => reconcile(context, hmac),
  }
}

async function reconcile({ client, cache, clock }: ReconcileContext, hmac: Hmac): Promise<Result> {
  // Observe.
  const info = cache.find(ConfigMap, clusterInfo)
  const content = info?.data?.["kubeconfig"]
  if (!info || content === undefined) return done
  const nowMs = clock.now()
  const secrets = cache.list(Secret, { namespace: tokenNamespace, where: isBootstrapToken })

  // Decide.
  const others = Object.entries(info.data ?? {}).filter(([key]) => !key.startsWith(signaturePrefix))
  const data: Record<string, string> = Object.fromEntries(others)
  for (const secret of secrets) {
    const token = signingTokenOf(secret, nowMs)
    if (token) data[signaturePrefix + token.id] = detachedSignature(content, token, hmac)
  }

  // Act.
  if (!sameMap(info.data, data)) await client.update(ConfigMap, { ...info, data }).catch(ignoreNotFound)
  const ends = secrets.map((secret) => expiresInMs(secret, nowMs) ?? 0).filter((inMs) => inMs > 0)
  return ends.length > 0 ? requeueAfter(Math.min(...ends)) : done
}
