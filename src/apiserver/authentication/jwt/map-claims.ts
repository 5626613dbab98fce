import type { CelValue } from "../../../apimachinery/cel/values/value.ts"
import type { UserInfo } from "../authenticator.ts"
import type { ClaimMappings, JwtAuthenticator } from "../configuration.ts"
import { type Claims, evaluateOverClaims, evaluateOverUser, stringsOf } from "./claim-expressions.ts"

/** Who the claims of a token speak of. Throws Error in upstream's words when they do not say, or are not accepted. */
export function mapClaims(configuration: JwtAuthenticator, claims: Claims): UserInfo {
  const mappings = configuration.claimMappings ?? {}
  const uid = uidOf(mappings, claims)
  const user: UserInfo = {
    name: userNameOf(mappings, claims),
    ...(uid && { uid }),
    groups: groupsOf(mappings, claims),
    extra: extraOf(mappings, claims),
  }
  checkClaims(configuration, claims)
  checkUser(configuration, user)
  return user
}

function userNameOf({ username = {} }: ClaimMappings, claims: Claims): string {
  const { claim, prefix = "", expression } = username
  if (expression) {
    const value = evaluated("username claim", expression, claims)
    if (typeof value !== "string")
      throw new Error(
        "oidc: error evaluating username claim expression: username claim expression must return a string",
      )
    if (value === "") throw new Error("oidc: empty username via CEL expression is not allowed")
    return value
  }
  const name = stringClaim(claims, claim!, `parse username claims "${claim}"`)
  if (claim === "email" && claims["email_verified"] !== undefined && claims["email_verified"] !== true)
    throw new Error("oidc: email not verified")
  return prefix + name
}

function groupsOf({ groups = {} }: ClaimMappings, claims: Claims): string[] {
  const { claim, prefix = "", expression } = groups
  if (expression) return evaluatedStrings("group claim", expression, claims)
  const value = claim ? claims[claim] : undefined
  if (value === undefined) return []
  const names: readonly unknown[] =
    typeof value === "string" ? [value] : Array.isArray(value) ? value : [undefined]
  return names.map((name) => {
    if (typeof name !== "string")
      throw new Error(
        `oidc: parse groups claim "${claim}": json: cannot unmarshal into Go value of type string`,
      )
    return prefix + name
  })
}

function uidOf({ uid = {} }: ClaimMappings, claims: Claims): string {
  const { claim, expression } = uid
  if (claim) return stringClaim(claims, claim, `parse uid claim "${claim}"`)
  if (!expression) return ""
  const value = evaluated("uid claim", expression, claims)
  if (typeof value !== "string")
    throw new Error("oidc: error evaluating uid claim expression: uid claim expression must return a string")
  return value
}

function extraOf({ extra = [] }: ClaimMappings, claims: Claims): Record<string, string[]> {
  const found = extra.map(
    ({ key, valueExpression }) => [key!, evaluatedStrings("extra claim", valueExpression!, claims)] as const,
  )
  return Object.fromEntries(found.filter(([, values]) => values.length > 0))
}

function checkClaims({ claimValidationRules = [] }: JwtAuthenticator, claims: Claims): void {
  for (const { claim, requiredValue = "", expression, message = "" } of claimValidationRules) {
    if (expression) {
      check("claim validation expression", expression, message, () => evaluateOverClaims(expression, claims))
      continue
    }
    if (claims[claim!] === undefined) throw new Error(`oidc: required claim ${claim} not present in ID token`)
    const value = stringClaim(claims, claim!, `parse claim ${claim}`)
    if (value !== requiredValue)
      throw new Error(
        `oidc: required claim ${claim} value does not match. Got = ${value}, want = ${requiredValue}`,
      )
  }
}

function checkUser({ userValidationRules = [] }: JwtAuthenticator, user: UserInfo): void {
  for (const { expression = "", message = "" } of userValidationRules)
    check("user info validation rule", expression, message, () => evaluateOverUser(expression, user))
}

function check(what: string, expression: string, message: string, evaluate: () => CelValue): void {
  const value = attempt(what, evaluate)
  if (value !== true)
    throw new Error(
      `oidc: error evaluating ${what}: validation expression '${expression}' failed: ${message}`,
    )
}

function evaluated(what: string, expression: string, claims: Claims): CelValue {
  return attempt(`${what} expression`, () => evaluateOverClaims(expression, claims))
}

function evaluatedStrings(what: string, expression: string, claims: Claims): string[] {
  return attempt(`${what} expression`, () => stringsOf(evaluateOverClaims(expression, claims)))
}

function attempt<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new Error(`oidc: error evaluating ${what}: ${(error as Error).message}`, { cause: error })
  }
}

function stringClaim(claims: Claims, claim: string, what: string): string {
  const value = claims[claim]
  if (value === undefined) throw new Error(`oidc: ${what}: claim not present`)
  if (typeof value !== "string")
    throw new Error(`oidc: ${what}: json: cannot unmarshal ${typeof value} into Go value of type string`)
  return value
}
