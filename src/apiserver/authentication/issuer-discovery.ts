import type { TokenKeys } from "./token-claims.ts"

export const discoveryPath = "/.well-known/openid-configuration"
export const keysPath = "/openid/v1/jwks"

export interface PublicDocument {
  readonly path: string
  readonly contentType: string
  readonly cacheControl: string
  readonly body: unknown
}

/**
 * What others need to check our ServiceAccounts' tokens by themselves, as OpenID Connect Discovery lays it out
 * (https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery).
 *
 * `externalAddress`: "HOST:PORT" under which the keys are reached, unless `keysUrl` names another place.
 */
export function issuerDocuments(
  issuer: string,
  keys: TokenKeys,
  externalAddress: string,
  keysUrl = `https://${externalAddress}${keysPath}`,
): PublicDocument[] {
  const cacheControl = "public, max-age=3600"
  const algorithms = [...new Set(keys.publicKeys.map(({ alg }) => alg))].sort()
  return [
    {
      path: discoveryPath,
      contentType: "application/json",
      cacheControl,
      body: {
        issuer,
        jwks_uri: keysUrl,
        response_types_supported: ["id_token"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: algorithms,
      },
    },
    {
      path: keysPath,
      contentType: "application/jwk-set+json",
      cacheControl,
      body: { keys: keys.publicKeys },
    },
  ]
}
