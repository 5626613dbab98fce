import { type Authentication, type TokenAuthenticator, type UserInfo } from "./authenticator.ts"

/** Tokens known from the start: those that the parts of one process use, and those of a token file. */
export function staticTokens(
  users: ReadonlyMap<string, UserInfo>,
  ownAudiences: readonly string[],
): TokenAuthenticator {
  return {
    async authenticateToken(
      token: string,
      audiences: readonly string[],
    ): Promise<Authentication | undefined> {
      const user = users.get(token)
      return user && forAnyAudience(user, audiences, ownAudiences)
    },
  }
}

/** A credential that names no audience is good for the API server's own. */
export function forAnyAudience(
  user: UserInfo,
  audiences: readonly string[],
  ownAudiences: readonly string[],
): Authentication | undefined {
  const common = audiences.filter((audience) => ownAudiences.includes(audience))
  return common.length > 0 || ownAudiences.length === 0 ? { user, audiences: common } : undefined
}

/**
 * Reads `--token-auth-file`: lines of `token,user,uid,"group1,group2"`
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#static-token-file).
 */
export function parseTokenFile(text: string): Map<string, UserInfo> {
  const users = new Map<string, UserInfo>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue
    const [token, name, uid, groups] = splitFields(line)
    if (token === undefined || name === undefined || uid === undefined)
      throw new Error(
        `token file, line ${index + 1}: expected token, user name and user uid, separated by commas`,
      )
    if (token === "") throw new Error(`token file, line ${index + 1}: the token is empty`)
    const list = (groups ?? "").split(",").map((group) => group.trim())
    users.set(token, { name, uid, groups: list.filter((group) => group !== ""), extra: {} })
  }
  return users
}

function splitFields(line: string): string[] {
  const fields = line.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)
  return Array.from(fields, (field) => field[1]?.replaceAll('""', '"') ?? field[2]!.trim())
}
