/** Who makes a request, as every later stage sees it. */
export interface UserInfo {
  readonly name: string
  readonly uid?: string
  readonly groups: readonly string[]
  /** Keys in lower case, as `authentication.kubernetes.io/pod-name`. */
  readonly extra: Readonly<Record<string, readonly string[]>>
}

/** What of a request can prove who makes it. */
export interface AuthenticationInput {
  /** Names in lower case. A header that came in several lines is an array: `Impersonate-Group` may hold commas. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /**
   * The certificates the peer sent in the TLS handshake (leaf first), whose private key it has proven to hold. Their
   * signatures need not have been checked: `rejectUnauthorized: false` is right. Hand over the same array for every
   * request of a connection: the verdict on it is remembered.
   */
  readonly peerCertificates?: readonly Uint8Array[]
  /** Decoded, without the query: anonymity may be a matter of where. */
  readonly path?: string
}

export interface Authentication {
  readonly user: UserInfo
  /** The audiences the credential was checked for; absent when it is good for any. */
  readonly audiences?: readonly string[]
  /** What the audit event should say about the credential. */
  readonly annotations?: Readonly<Record<string, string>>
  /** What its bearer should know about it. */
  readonly warnings?: readonly string[]
}

/**
 * Answers undefined when the request carries no credential this one understands, so that the next may look. Throws when
 * it carries one that is wrong; the outermost one (authenticate-request.ts) makes StatusError Unauthorized of that.
 */
export interface Authenticator {
  authenticate(input: AuthenticationInput): Promise<Authentication | undefined>
}

/**
 * Judges a bearer token by itself. `audiences` are those the token must be good for, one of them at least; the answer's
 * audiences are those of them it is good for. Undefined: not a token of this kind. Throws CredentialError: of this kind,
 * and wrong.
 */
export interface TokenAuthenticator {
  authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined>
}

/** Why a credential was not accepted. TokenReview tells it; the bearer of the credential only hears "Unauthorized". */
export class CredentialError extends Error {
  override readonly name = "CredentialError"
}

export const anonymousName = "system:anonymous"
export const unauthenticatedGroup = "system:unauthenticated"
export const authenticatedGroup = "system:authenticated"
/** Members pass every authorizer. */
export const mastersGroup = "system:masters"

export const anonymous: UserInfo = { name: anonymousName, groups: [unauthenticatedGroup], extra: {} }
