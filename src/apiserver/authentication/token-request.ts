import type { Clock } from "../../base/clock.ts"
import type { Random } from "../../base/random.ts"
import { uuid } from "../../base/random.ts"
import { invalid, invalidValue } from "../../apimachinery/field-error.ts"
import type { Draft, KubeObject, ObjectMeta } from "../../apimachinery/meta.ts"
import { badRequest, conflict, notFound } from "../../apimachinery/status-errors.ts"
import type { BoundKind, FindBound } from "./service-account-tokens.ts"
import { serviceAccountUserName } from "./service-account-user.ts"
import type { ObjectClaim, TokenClaims, TokenKeys } from "./token-claims.ts"

/** The body of POST serviceaccounts/NAME/token (authentication.k8s.io/v1). */
export interface TokenRequest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Draft<ObjectMeta>
  readonly spec: TokenRequestSpec
  readonly status: { readonly token: string; readonly expirationTimestamp: string | null }
}

export interface TokenRequestSpec {
  readonly audiences?: readonly string[] | null | undefined
  /** @default 3600 */
  readonly expirationSeconds?: number | undefined
  readonly boundObjectRef?:
    | {
        readonly kind?: string | undefined
        readonly apiVersion?: string | undefined
        readonly name?: string | undefined
        readonly uid?: string | undefined
      }
    | undefined
}

export interface TokenIssuerOptions {
  readonly issuer: string
  /** The API server's own; what a token is for when the request names no audience. */
  readonly audiences: readonly string[]
  readonly keys: TokenKeys
  readonly findBound: FindBound
  readonly clock: Clock
  readonly random: Random
  /** `--service-account-max-token-expiration` */
  readonly maxExpirationSeconds?: number
  /** `--service-account-extend-token-expiration`. @default true */
  readonly extendExpiration?: boolean
}

export interface TokenRequestCall {
  readonly namespace: string
  /** The ServiceAccount in the request's path. */
  readonly name: string
  readonly request: Omit<TokenRequest, "status">
  readonly warn: (message: string) => void
  /** The validating admission plugins; is shown the completed request. */
  readonly admit: (request: TokenRequest) => Promise<void>
}

const kind = { group: "authentication.k8s.io", kind: "TokenRequest" }

/** What a kubelet asks for the tokens it projects: an hour and a mark to tell them by. */
const projectedTokenSeconds = 3607
const extendedSeconds = 365 * 24 * 3600

/** Makes a token for a ServiceAccount. Gives the TokenRequest as it is answered. Throws StatusError. */
export async function issueToken(call: TokenRequestCall, options: TokenIssuerOptions): Promise<TokenRequest> {
  const { namespace, name } = call
  checkAddress(call)
  const account = await options.findBound("ServiceAccount", namespace, name)
  if (!account) throw notFound({ group: "", plural: "serviceaccounts" }, name)
  const request = complete(call, account, options)
  checkSpec(request.spec.expirationSeconds)
  await call.admit(request)

  const bound = await findBoundClaims(call, options.findBound)
  const { expirationSeconds, warnAfterSeconds, lifetimeSeconds } = planLifetime(
    request,
    bound.pod !== undefined,
    options,
    call.warn,
  )
  const nowMs = options.clock.now()
  const nowSeconds = Math.floor(nowMs / 1000)
  const claims: TokenClaims = {
    aud: request.spec.audiences,
    exp: nowSeconds + lifetimeSeconds,
    iat: nowSeconds,
    iss: options.issuer,
    jti: uuid(options.random),
    "kubernetes.io": {
      namespace,
      ...(bound.node && { node: bound.node }),
      ...(bound.pod && { pod: bound.pod }),
      ...(bound.secret && { secret: bound.secret }),
      serviceaccount: { name, uid: account.metadata.uid },
      ...(warnAfterSeconds && { warnafter: nowSeconds + warnAfterSeconds }),
    },
    nbf: nowSeconds,
    sub: serviceAccountUserName(namespace, name),
  }
  return {
    ...request,
    spec: { ...request.spec, expirationSeconds },
    status: {
      token: options.keys.sign(claims),
      // Never later than the token's own end.
      expirationTimestamp: formatSeconds(nowMs + expirationSeconds * 1000),
    },
  }
}

function checkAddress({ namespace, name, request: { metadata } }: TokenRequestCall): void {
  if (metadata?.name && metadata.name !== name) {
    const problem = "must match the service account name if specified"
    throw invalid(kind, name, [invalidValue("metadata.name", metadata.name, problem)])
  }
  if (metadata?.namespace && metadata.namespace !== namespace) {
    const problem = "must match the service account namespace if specified"
    throw invalid(kind, name, [invalidValue("metadata.namespace", metadata.namespace, problem)])
  }
}

type CompletedRequest = TokenRequest & {
  readonly spec: { readonly audiences: readonly string[]; readonly expirationSeconds: number }
}

function complete(
  { name, namespace, request }: TokenRequestCall,
  account: KubeObject,
  { audiences, clock }: TokenIssuerOptions,
): CompletedRequest {
  const { uid } = account.metadata
  const wantedUid = request.metadata?.uid
  if (wantedUid && wantedUid !== uid) {
    const why = `the UID in the token request (${wantedUid}) does not match the UID of the service account (${uid})`
    throw conflict({ group: kind.group, plural: kind.kind }, name, why)
  }
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { ...request.metadata, name, namespace, uid, creationTimestamp: formatSeconds(clock.now()) },
    spec: {
      ...request.spec,
      audiences: request.spec.audiences?.length ? request.spec.audiences : audiences,
      expirationSeconds: request.spec.expirationSeconds ?? 3600,
    },
    status: { token: "", expirationTimestamp: null },
  }
}

function checkSpec(expirationSeconds: number): void {
  const problem =
    expirationSeconds < 600
      ? "may not specify a duration less than 10 minutes"
      : expirationSeconds > 2 ** 32
        ? "may not specify a duration larger than 2^32 seconds"
        : undefined
  if (problem) throw invalid(kind, "", [invalidValue("spec.expirationSeconds", expirationSeconds, problem)])
}

/**
 * Many programs read their token once and never again. So a token that a kubelet projects into a pod lives for a year
 * though an hour was asked; use after that hour is noted in the audit log, and the kubelet replaces it in time anyway.
 */
function planLifetime(
  { spec }: CompletedRequest,
  isPodBound: boolean,
  { audiences, maxExpirationSeconds = 0, extendExpiration = true }: TokenIssuerOptions,
  warn: (message: string) => void,
): { expirationSeconds: number; lifetimeSeconds: number; warnAfterSeconds?: number } {
  let { expirationSeconds } = spec
  if (maxExpirationSeconds > 0 && expirationSeconds > maxExpirationSeconds) {
    warn(`requested expiration of ${expirationSeconds} seconds shortened to ${maxExpirationSeconds} seconds`)
    expirationSeconds = maxExpirationSeconds
  }
  const isForServer = spec.audiences.every((audience) => audiences.includes(audience))
  if (!extendExpiration || !isPodBound || !isForServer || expirationSeconds !== projectedTokenSeconds)
    return { expirationSeconds, lifetimeSeconds: expirationSeconds }
  return { expirationSeconds, lifetimeSeconds: extendedSeconds, warnAfterSeconds: expirationSeconds }
}

type BoundClaims = Pick<NonNullable<TokenClaims["kubernetes.io"]>, "pod" | "node" | "secret">

async function findBoundClaims(
  { name, namespace, request }: TokenRequestCall,
  findBound: FindBound,
): Promise<BoundClaims> {
  const reference = request.spec.boundObjectRef
  if (!reference) return {}
  const bound = await getBound(reference, namespace, findBound)
  const { uid } = bound.metadata
  const claim: ObjectClaim = { name: reference.name ?? "", uid }
  if (reference.kind === "Pod") {
    const { serviceAccountName, nodeName } = (bound as PodLike).spec
    if (serviceAccountName !== name)
      throw badRequest(
        `cannot bind token for serviceaccount "${name}" to pod running with different serviceaccount name.`,
      )
    checkBoundUid(reference, uid)
    return { pod: claim, ...(nodeName && { node: await nodeClaim(nodeName, findBound) }) }
  }
  checkBoundUid(reference, uid)
  return reference.kind === "Node" ? { node: claim } : { secret: claim }
}

interface PodLike extends KubeObject {
  readonly spec: { readonly serviceAccountName?: string; readonly nodeName?: string }
}

type BoundReference = NonNullable<TokenRequestSpec["boundObjectRef"]>

const boundPlurals: Readonly<Record<string, string>> = { Pod: "pods", Secret: "secrets", Node: "nodes" }

async function getBound(
  { apiVersion = "", kind: boundKind = "", name = "" }: BoundReference,
  namespace: string,
  findBound: FindBound,
): Promise<KubeObject> {
  const plural = boundPlurals[boundKind]
  if (plural === undefined || apiVersion.includes("/")) {
    const slash = apiVersion.lastIndexOf("/")
    const group = slash < 0 ? "" : apiVersion.slice(0, slash)
    const version = apiVersion.slice(slash + 1)
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${boundKind}`)
  }
  const bound = await findBound(boundKind as BoundKind, boundKind === "Node" ? "" : namespace, name)
  if (!bound) throw notFound({ group: "", plural }, name)
  return bound
}

function checkBoundUid(reference: BoundReference, uid: string): void {
  if (!reference.uid || reference.uid === uid) return
  const why = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`
  throw conflict({ group: "", plural: reference.kind ?? "" }, reference.name ?? "", why)
}

// The node is told for information: a pod whose Node object is gone still gets its token.
async function nodeClaim(nodeName: string, findBound: FindBound): Promise<{ name: string; uid?: string }> {
  const node = await findBound("Node", "", nodeName)
  return node ? { name: nodeName, uid: node.metadata.uid } : { name: nodeName }
}

function formatSeconds(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}
