import type { APIService } from "../../api/apiregistration/v1/api-service.ts"
import { decodeBase64 } from "../../base/base64.ts"
import type { Random } from "../../base/random.ts"
import type { Cache } from "../../client/cache.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import { resolveService } from "../services/resolve-service.ts"
import type { BackendTarget } from "../streaming/backends.ts"

/** As upstream asks extension servers about themselves. */
export const aggregatorUser: UserInfo = {
  name: "system:kube-aggregator",
  groups: ["system:masters"],
  extra: {},
}

/**
 * How to ask an extension API server on behalf of `user`: by the Service's endpoints, with the certificate of the Service's
 * name, told in headers who asks. Throws when there is nobody to ask.
 */
export function extensionTarget(
  { cache, random }: { readonly cache: Cache; readonly random: Random },
  { spec }: APIService,
  pathAndQuery: string,
  user: UserInfo,
  headers: Readonly<Record<string, string>> = {},
): BackendTarget {
  const { namespace = "", name = "", port = 443 } = spec.service ?? {}
  const address = resolveService(cache, random, { namespace, name, port })
  const host = address.host.includes(":") ? `[${address.host}]` : address.host
  return {
    url: new URL(`https://${host}:${address.port}${pathAndQuery}`),
    isKubelet: false,
    extension: {
      serverName: `${name}.${namespace}.svc`,
      ...(spec.caBundle && { caPem: new TextDecoder().decode(decodeBase64(spec.caBundle)) }),
      ...(spec.insecureSkipTLSVerify && { insecureSkipVerify: true }),
      headers: { ...headers, ...userHeaders(user) },
    },
  }
}

/** Who asks, as request headers (https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/). */
function userHeaders({ name, uid, groups, extra }: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { "x-remote-user": name, "x-remote-group": [...groups] }
  if (uid) headers["x-remote-uid"] = uid
  for (const [key, values] of Object.entries(extra ?? {}))
    headers[`x-remote-extra-${encodeURIComponent(key)}`] = [...values]
  return headers
}
