import type { Authentication, TokenAuthenticator } from "./authenticator.ts"

/** Several that judge tokens, as one; they may be exchanged while requests come in. */
export class TokenAuthenticators implements TokenAuthenticator {
  #all: readonly TokenAuthenticator[]

  constructor(all: readonly TokenAuthenticator[]) {
    this.#all = all
  }

  use(all: readonly TokenAuthenticator[]): void {
    this.#all = all
  }

  /** The first that knows the token decides. */
  async authenticateToken(token: string, audiences: readonly string[]): Promise<Authentication | undefined> {
    for (const each of this.#all) {
      const found = await each.authenticateToken(token, audiences)
      if (found) return found
    }
    return undefined
  }
}
