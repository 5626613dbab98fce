import { StatusError } from "../../apimachinery/status-error.ts"
import {
  anonymous,
  anonymousName,
  authenticatedGroup,
  type Authentication,
  type AuthenticationInput,
  type Authenticator,
  CredentialError,
  type TokenAuthenticator,
  unauthenticatedGroup,
  type UserInfo,
} from "./authenticator.ts"
import { findBearerToken } from "./bearer-token.ts"
import { messageOf } from "../../base/message-of.ts"

export type AnonymousAccess = boolean | { readonly paths: readonly string[] }

export interface RequestAuthenticatorOptions {
  /** Asked first, in this order: request headers of the front proxy, client certificates. */
  readonly connection: readonly Authenticator[]
  /** Asked for bearer tokens, in this order. */
  readonly tokens: readonly TokenAuthenticator[]
  /** The API server's own audiences: what a token must be good for when nothing else is asked. */
  readonly audiences: readonly string[]
  /** Whether requests without any credential are let through as system:anonymous: all, none, or those to these paths. @default true */
  readonly anonymous?: AnonymousAccess
}

/**
 * Finds out who makes a request. Upstream's order and rules: the first credential that is good decides; a credential
 * that is bad is never passed over for anonymity.
 */
export class RequestAuthenticator {
  readonly #options: RequestAuthenticatorOptions
  #anonymous: AnonymousAccess

  constructor(options: RequestAuthenticatorOptions) {
    this.#options = options
    this.#anonymous = options.anonymous ?? true
  }

  /** From now on this counts. */
  admitAnonymous(access: AnonymousAccess): void {
    this.#anonymous = access
  }

  /** Throws StatusError Unauthorized. */
  async authenticate(input: AuthenticationInput): Promise<Authentication> {
    const problems: unknown[] = []
    const found = (await this.#byConnection(input, problems)) ?? (await this.#byToken(input, problems))
    if (found) return withAuthenticatedGroup(found)
    if (problems.length === 0 && this.#admitsAnonymous(input.path)) return { user: anonymous }
    throw new StatusError("Unauthorized", "Unauthorized", { cause: joinProblems(problems) })
  }

  /** For TokenReview. Throws CredentialError with the reason. */
  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication> {
    const problems: unknown[] = []
    const wanted = audiences.length > 0 ? audiences : this.#options.audiences
    const found = await this.#judgeToken(token, wanted, problems)
    if (found) return withAuthenticatedGroup(found)
    throw joinProblems(problems)
  }

  #admitsAnonymous(path: string | undefined): boolean {
    const access = this.#anonymous
    return typeof access === "boolean" ? access : path !== undefined && access.paths.includes(path)
  }

  async #byConnection(input: AuthenticationInput, problems: unknown[]): Promise<Authentication | undefined> {
    for (const authenticator of this.#options.connection) {
      try {
        const found = await authenticator.authenticate(input)
        if (found) return found
      } catch (problem) {
        problems.push(problem)
      }
    }
    return undefined
  }

  async #byToken(input: AuthenticationInput, problems: unknown[]): Promise<Authentication | undefined> {
    try {
      const token = findBearerToken(input.headers)
      if (token === undefined) return undefined
      return await this.#judgeToken(token, this.#options.audiences, problems)
    } catch (problem) {
      problems.push(problem)
      return undefined
    }
  }

  async #judgeToken(
    token: string,
    audiences: readonly string[],
    problems: unknown[],
  ): Promise<Authentication | undefined> {
    for (const authenticator of this.#options.tokens) {
      try {
        const found = await authenticator.authenticateToken(token, audiences)
        if (found) return found
      } catch (problem) {
        problems.push(problem)
      }
    }
    if (problems.length === 0) problems.push(new CredentialError("invalid bearer token"))
    return undefined
  }
}

function withAuthenticatedGroup(found: Authentication): Authentication {
  const { user } = found
  if (user.name === anonymousName) return found
  if (user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)) return found
  const groups = [...user.groups, authenticatedGroup]
  return { ...found, user: { ...user, groups } satisfies UserInfo }
}

function joinProblems(problems: readonly unknown[]): CredentialError {
  const texts = [...new Set(problems.map(messageOf))]
  return new CredentialError(texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`, { cause: problems[0] })
}
