import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { ApiServer } from "../../apiserver/server.ts"
import { createClient } from "../../client/create-client.ts"
import type { ClusterCertificates } from "../certificates/cluster-certificates.ts"
import { selfUser } from "../identities.ts"

/**
 * API servers that share a state must share their authority and signing key too: what one has signed the others must
 * trust. The state tells whose cluster it is by the certificate that is published to every namespace.
 */
export async function checkAuthority(server: ApiServer, certificates: ClusterCertificates): Promise<void> {
  const client = createClient(server.transportFor(selfUser))
  const key = { namespace: "kube-system", name: "kube-root-ca.crt" }
  const published = await client.get(ConfigMap, key).catch(ignoreNotFound)
  const authority = certificates.authority("ca").certificatePem.trim()
  if (!published || published.data?.["ca.crt"]?.includes(authority)) return
  throw new Error(
    "the cluster in this etcd has another certificate authority: copy the directory pki of its first API server " +
      "(ca, front-proxy-ca and sa) into this data directory, or name another --etcd-prefix for a new cluster",
  )
}
