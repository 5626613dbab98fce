import { Node } from "../api/core/v1/node.ts"
import { Pod } from "../api/core/v1/pod.ts"
import { Secret } from "../api/core/v1/secret.ts"
import { ServiceAccount } from "../api/core/v1/service-account.ts"
import type { AdmissionContext } from "../apiserver/admission/admission.ts"
import { type AdmissionOptions, createAdmissionChain } from "../apiserver/admission/create-admission-chain.ts"
import {
  type AnonymousAccess,
  RequestAuthenticator,
} from "../apiserver/authentication/authenticate-request.ts"
import { bootstrapTokens } from "../apiserver/authentication/bootstrap-tokens.ts"
import { clientCertificates } from "../apiserver/authentication/client-certificate.ts"
import { issuerDocuments, keysPath } from "../apiserver/authentication/issuer-discovery.ts"
import { isProvenBy, requestSignatureProblem } from "../base/real/x509/proofs.ts"
import { certificateVerifier } from "../apiserver/authentication/real/certificate-verifier.ts"
import { tokenKeys } from "../apiserver/authentication/real/token-keys.ts"
import { legacyTokens } from "../apiserver/authentication/legacy-tokens.ts"
import { requestHeaders } from "../apiserver/authentication/request-headers.ts"
import { ensureLegacyTokenTracking } from "../apiserver/start-hooks/ensure-legacy-token-tracking.ts"
import { type FindBound, ServiceAccountTokens } from "../apiserver/authentication/service-account-tokens.ts"
import type { TokenAuthenticator, UserInfo } from "../apiserver/authentication/authenticator.ts"
import { staticTokens } from "../apiserver/authentication/static-tokens.ts"
import {
  type AuthorizerLink,
  createDefaultAuthorizer,
} from "../apiserver/authorization/default-authorizer.ts"
import { defaultPolicy } from "../apiserver/authorization/rbac/bootstrap/default-policy.ts"
import { readOnly } from "../apiserver/authorization/read-only.ts"
import { ensurePolicy } from "../apiserver/authorization/rbac/bootstrap/ensure-policy.ts"
import type { CreateSecurity } from "../apiserver/security.ts"
import type { Cache } from "../client/cache.ts"
import type { Client } from "../client/client.ts"
import type { ServiceAccountSettings } from "./api-server-settings.ts"
import { addOnPolicy } from "./add-ons.ts"
import { joinPolicy } from "./joining/join-policy.ts"
import { ensureExtensionAuthentication } from "./extension-authentication.ts"
import { selfUser } from "./identities.ts"
import type { Changing } from "./changing.ts"
import type { ClusterCertificates } from "./certificates/cluster-certificates.ts"

/** Written into ServiceAccount tokens, and what tokens are good for unless they say otherwise: as kubeadm sets it. */
export const serviceAccountIssuer = "https://kubernetes.default.svc.cluster.local"

/** What flags and files add to what a cluster has anyway. */
export interface SecurityAdditions {
  readonly knownTokens?: ReadonlyMap<string, UserInfo>
  /** Asked after the cluster's own. */
  readonly tokens?: (ownAudiences: readonly string[]) => readonly TokenAuthenticator[]
  readonly anonymous?: Changing<AnonymousAccess>
  /** In the place of Node and RBAC. */
  readonly authorizers?: Changing<readonly AuthorizerLink[]>
  readonly serviceAccounts?: Omit<ServiceAccountSettings, "keyFiles"> & {
    /** PEM; whose tokens are accepted beside those of the cluster's own key. */
    readonly olderPublicKeys?: readonly string[]
  }
  readonly admission?: Omit<AdmissionOptions, keyof AdmissionContext | "policy">
  /**
   * The state is a backup of another cluster, which goes on telling how that one was reached; read-only, everything that would
   * change something is denied.
   */
  readonly backup?: { readonly readOnly: boolean }
}

/**
 * Who may come in and what they may do, as in a cluster made by kubeadm: certificates of the cluster's authority, tokens
 * of ServiceAccounts and of machines that join; Node and RBAC authorization; the default admission plugins.
 */
export function createClusterSecurity(
  certificates: ClusterCertificates,
  externalAddress: string,
  additions: SecurityAdditions = {},
): CreateSecurity {
  const { serviceAccounts = {} } = additions
  return (context) => {
    const { cache, client, clock, random, log } = context
    const {
      issuers = [serviceAccountIssuer],
      audiences = issuers,
      // Whoever can reach the issuer by its name, as pods can, reaches the keys there; this server may be on loopback alone.
      keysUrl = issuers[0] === serviceAccountIssuer ? `${serviceAccountIssuer}${keysPath}` : undefined,
      olderPublicKeys,
    } = serviceAccounts
    const { maxExpirationSeconds, extendExpiration } = serviceAccounts
    const issuer = issuers[0]!
    const keys = tokenKeys(certificates.serviceAccountKey.privateKeyPem, olderPublicKeys)
    const findBound = boundFrom(cache)
    const tokens = new ServiceAccountTokens({ issuers, audiences, keys, findBound, clock })
    const verifier = (name: "ca" | "front-proxy-ca") =>
      certificateVerifier(certificates.authority(name).certificatePem)
    const authenticator = new RequestAuthenticator({
      connection: [
        requestHeaders(verifier("front-proxy-ca"), ["front-proxy-client"], clock),
        clientCertificates(verifier("ca"), clock, (left) => context.accessMetrics.certificateUsed(left)),
      ],
      tokens: [
        ...(additions.knownTokens ? [staticTokens(additions.knownTokens, audiences)] : []),
        tokens,
        legacyTokens({
          keys,
          findBound,
          ownAudiences: audiences,
          setLabel: (namespace, name, label, value) => {
            const body = { metadata: { labels: { [label]: value } } }
            client
              .patch(Secret, { namespace, name }, { type: "merge", body })
              .catch((error: unknown) => log.warn("a token's use was not noted", { error: String(error) }))
          },
          clock,
        }),
        bootstrapTokens({
          findSecret: (name) => cache.find(Secret, { namespace: "kube-system", name }),
          ownAudiences: audiences,
          clock,
        }),
        ...(additions.tokens?.(audiences) ?? []),
      ],
      audiences,
      ...(additions.anonymous && { anonymous: additions.anonymous.value }),
    })
    additions.anonymous?.onChange((access) => authenticator.admitAnonymous(access))
    const {
      authorizer: byRole,
      policy,
      followers,
      use,
    } = createDefaultAuthorizer(additions.authorizers?.value)
    additions.authorizers?.onChange(use)
    const authorizer = additions.backup?.readOnly
      ? readOnly(byRole, { exempt: selfUser.name, reason: "this cluster is a snapshot, opened read-only" })
      : byRole
    return {
      authenticator,
      authorizer,
      admission: createAdmissionChain({ ...context, authorizer, policy, ...additions.admission }),
      keyProofs: { requestSignatureProblem, isProvenBy },
      followers,
      tokenIssuer: {
        issuer,
        audiences,
        keys,
        findBound,
        clock,
        random,
        ...(maxExpirationSeconds !== undefined && { maxExpirationSeconds }),
        ...(extendExpiration !== undefined && { extendExpiration }),
      },
      tokenReviewer: { authenticator, audiences },
      startHooks: [
        (self) => ensurePolicy(self, defaultPolicy()),
        (self) => ensurePolicy(self, addOnPolicy),
        (self) => ensurePolicy(self, joinPolicy),
        (self) => ensureLegacyTokenTracking(self, clock),
        ...(additions.backup
          ? []
          : [(self: Client) => ensureExtensionAuthentication(self, authoritiesOf(certificates))]),
      ],
      documents: issuerDocuments(issuer, keys, externalAddress, keysUrl),
    }
  }
}

function authoritiesOf(certificates: ClusterCertificates) {
  return {
    client: certificates.authority("ca").certificatePem,
    frontProxy: certificates.authority("front-proxy-ca").certificatePem,
  }
}

const boundResources = { ServiceAccount, Pod, Secret, Node } as const

function boundFrom(cache: Cache): FindBound {
  return (kind, namespace, name) =>
    kind === "Node"
      ? cache.find(Node, { name })
      : cache.find(boundResources[kind] as typeof Pod, { namespace, name })
}
