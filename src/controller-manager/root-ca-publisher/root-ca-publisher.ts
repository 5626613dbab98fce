/**
 * Root CA publisher: every namespace has the ConfigMap "kube-root-ca.crt" with the authority by which pods recognize the
 * API server.
 *
 * Reads namespaces and config maps; writes config maps of that name.
 * Woken by changes of namespaces and of those config maps.
 */
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Namespace } from "../../api/core/v1/namespace.ts"
import type { ObjectKey } from "../../apimachinery/meta.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { ignoreNamespaceTerminating } from "../shared/pod-control.ts"
import { sameMap } from "../shared/deep-equal.ts"

const name = "kube-root-ca.crt"
const annotations = {
  "kubernetes.io/description":
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the " +
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes " +
    "clusters.",
}

export function createRootCaPublisher(options: {
  /** Certificates in PEM. */
  readonly rootCertificateAuthority: string
}): ControllerDefinition {
  return {
    name: "root-ca-certificate-publisher-controller",
    watches: [
      watch(Namespace, ({ metadata }) => [{ name: metadata.name }]),
      watch(ConfigMap, ({ metadata }) => (metadata.name === name ? [{ name: metadata.namespace! }] : [])),
    ],
    reconcile: (key, context) => reconcile(key, context, { "ca.crt": options.rootCertificateAuthority }),
  }
}

/** The key is that of the namespace. */
async function reconcile(
  key: ObjectKey,
  { client, cache }: ReconcileContext,
  data: Record<string, string>,
): Promise<Result> {
  const namespace = cache.find(Namespace, key)
  if (namespace?.status.phase !== "Active" || namespace.metadata.deletionTimestamp) return done
  const present = cache.find(ConfigMap, { namespace: key.name, name })
  if (!present) {
    await client
      .create(ConfigMap, { metadata: { namespace: key.name, name, annotations }, data })
      .catch(ignoreNamespaceTerminating)
    return done
  }
  const isDescribed = Object.entries(annotations).every(
    ([key, text]) => present.metadata.annotations?.[key] === text,
  )
  if (isDescribed && sameMap(present.data, data)) return done
  const metadata = { ...present.metadata, annotations: { ...present.metadata.annotations, ...annotations } }
  await client.update(ConfigMap, { ...present, metadata, data })
  return done
}
