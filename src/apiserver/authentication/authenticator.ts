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
  /** Names in lower case, as Node.js gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /**
   * The certificates the peer sent in the TLS handshake (leaf first), whose private key it has proven to hold. Their
   * signatures need not have been checked: `rejectUnauthorized: false` is right. Hand over the same array for every
   * request of a connection: the verdict on it is remembered.
   */
  readonly peerCertificates?: readonly Uint8Array[]
}

export interface Authentication {
  readonly user: UserInfo
  /** The audiences the credential was checked for; absent when it is good for any. */
  readonly audiences?: readonly string[]
}

/**
 * Answers undefined when the request carries no credential this one understands, so that the next may look.
 * Throws StatusError Unauthorized when it carries one that is wrong.
 */
export interface Authenticator {
  authenticate(input: AuthenticationInput): Promise<Authentication | undefined>
}

/** Judges a bearer token alone: for TokenReview and WebSocket subprotocols. `audiences` empty: the API server's own. */
export interface TokenAuthenticator {
  authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined>
}

export const anonymousName = "system:anonymous"
export const unauthenticatedGroup = "system:unauthenticated"
export const authenticatedGroup = "system:authenticated"
/** Members pass every authorizer. */
export const mastersGroup = "system:masters"

export const anonymous: UserInfo = { name: anonymousName, groups: [unauthenticatedGroup], extra: {} }
