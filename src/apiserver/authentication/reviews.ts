import { badRequest, internalError } from "../../apimachinery/status-errors.ts"
import type { RequestAuthenticator } from "./authenticate-request.ts"
import { type Authentication, CredentialError, type UserInfo } from "./authenticator.ts"

/** authentication.k8s.io/v1 UserInfo */
export interface ReviewedUser {
  readonly username?: string
  readonly uid?: string
  readonly groups?: readonly string[]
  readonly extra?: Readonly<Record<string, readonly string[]>>
}

export function reviewedUser({ name, uid, groups, extra }: UserInfo): ReviewedUser {
  return {
    username: name,
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(Object.keys(extra).length > 0 && { extra }),
  }
}

export interface TokenReviewSpec {
  readonly token?: string | undefined
  readonly audiences?: readonly string[] | null | undefined
}

export interface TokenReviewStatus {
  readonly authenticated?: boolean
  readonly user: ReviewedUser
  readonly audiences?: readonly string[]
  readonly error?: string
}

/** Judges somebody else's token, for servers that leave that to the API server. `ownAudiences` are the API server's. */
export async function reviewToken(
  { token, audiences }: TokenReviewSpec,
  authenticator: RequestAuthenticator,
  ownAudiences: readonly string[],
): Promise<TokenReviewStatus> {
  if (!token) throw badRequest("token is required for TokenReview in authentication")
  const wanted = audiences?.length ? audiences : ownAudiences
  let found: Authentication
  try {
    found = await authenticator.authenticateToken(token, wanted)
  } catch (error) {
    if (error instanceof CredentialError) return { user: {}, error: error.message }
    throw error
  }
  if (wanted.length > 0 && !found.audiences?.some((audience) => wanted.includes(audience)))
    throw internalError("error validating audiences")
  return {
    authenticated: true,
    user: reviewedUser(found.user),
    ...(found.audiences && { audiences: found.audiences }),
  }
}

/** The status of a SelfSubjectReview: `kubectl auth whoami`. */
export function reviewSelf(user: UserInfo): { userInfo: ReviewedUser } {
  return { userInfo: reviewedUser(user) }
}
