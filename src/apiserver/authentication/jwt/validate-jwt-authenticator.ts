import {
  duplicateValue,
  type FieldError,
  invalidValue,
  requiredValue,
} from "../../../apimachinery/field-error.ts"
import { domainPrefixedPathProblems } from "../../../apimachinery/names.ts"
import type {
  ClaimMappings,
  ClaimValidationRule,
  JwtAuthenticator,
  PrefixedClaimOrExpression,
} from "../configuration.ts"
import { compileClaimExpression } from "./claim-expressions.ts"

export function validateJwtAuthenticator(
  { issuer, claimValidationRules, claimMappings, userValidationRules }: JwtAuthenticator,
  path: string,
  ownIssuers: readonly string[],
): FieldError[] {
  return [
    ...validateIssuer(issuer ?? {}, `${path}.issuer`, ownIssuers),
    ...validateClaimRules(claimValidationRules ?? [], `${path}.claimValidationRules`),
    ...validateMappings(claimMappings ?? {}, `${path}.claimMappings`),
    ...validateEmail(claimMappings ?? {}, claimValidationRules ?? [], `${path}.claimMappings`),
    ...(userValidationRules ?? []).flatMap(({ expression = "" }, index) =>
      validateExpression(expression, "user", true, `${path}.userValidationRules[${index}].expression`),
    ),
  ]
}

function validateIssuer(
  issuer: NonNullable<JwtAuthenticator["issuer"]>,
  path: string,
  ownIssuers: readonly string[],
): FieldError[] {
  const { url, discoveryURL, certificateAuthority, audiences = [], audienceMatchPolicy } = issuer
  const errors = url ? validateUrl(url, `${path}.url`, ownIssuers) : [requiredValue(`${path}.url`)]
  if (discoveryURL) {
    if (url && trimmed(url) === trimmed(discoveryURL))
      errors.push(
        invalidValue(`${path}.discoveryURL`, discoveryURL, "discoveryURL must be different from URL"),
      )
    errors.push(...validateUrl(discoveryURL, `${path}.discoveryURL`, []))
  }
  if (audiences.length === 0)
    errors.push(requiredValue(`${path}.audiences`, `at least one ${path}.audiences is required`))
  for (const [index, audience] of audiences.entries()) {
    if (!audience) errors.push(requiredValue(`${path}.audiences[${index}]`))
    else if (audiences.indexOf(audience) < index)
      errors.push(duplicateValue(`${path}.audiences[${index}]`, audience))
  }
  if (audiences.length > 1 && audienceMatchPolicy !== "MatchAny")
    errors.push(
      invalidValue(
        `${path}.audienceMatchPolicy`,
        audienceMatchPolicy ?? "",
        "audienceMatchPolicy must be MatchAny for multiple audiences",
      ),
    )
  else if (audienceMatchPolicy && audienceMatchPolicy !== "MatchAny")
    errors.push(
      invalidValue(
        `${path}.audienceMatchPolicy`,
        audienceMatchPolicy,
        "audienceMatchPolicy must be empty or MatchAny for single audience",
      ),
    )
  if (certificateAuthority && !certificateAuthority.includes("-----BEGIN CERTIFICATE-----"))
    errors.push(
      invalidValue(
        `${path}.certificateAuthority`,
        "<omitted>",
        "data does not contain any valid RSA or ECDSA certificates",
      ),
    )
  if (issuer.egressSelectorType)
    errors.push(
      invalidValue(
        `${path}.egressSelectorType`,
        issuer.egressSelectorType,
        "egress selectors are not supported by this server",
      ),
    )
  return errors
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, "")
}

function validateUrl(text: string, path: string, ownIssuers: readonly string[]): FieldError[] {
  const wrong = (why: string) => invalidValue(path, text, why)
  const errors: FieldError[] = []
  if (ownIssuers.includes(text))
    errors.push(wrong(`URL must not overlap with disallowed issuers: [${ownIssuers.join(" ")}]`))
  if (!URL.canParse(text)) return [...errors, wrong(`parse ${JSON.stringify(text)}: invalid URI for request`)]
  const url = new URL(text)
  if (url.protocol !== "https:") errors.push(wrong("URL scheme must be https"))
  if (url.username || url.password) errors.push(wrong("URL must not contain a username or password"))
  if (text.includes("?")) errors.push(wrong("URL must not contain a query"))
  if (text.includes("#")) errors.push(wrong("URL must not contain a fragment"))
  return errors
}

function validateClaimRules(rules: readonly ClaimValidationRule[], path: string): FieldError[] {
  const seen = new Set<string>()
  return rules.flatMap(({ claim, requiredValue: wanted, expression, message }, index) => {
    const at = `${path}[${index}]`
    if (claim && expression) return [invalidValue(at, claim, "claim and expression can't both be set")]
    if (!claim && !expression) return [requiredValue(at, "claim or expression is required")]
    const errors: FieldError[] = []
    const key = claim ? "claim" : "expression"
    const value = claim || expression!
    if (seen.has(`${key} ${value}`)) errors.push(duplicateValue(`${at}.${key}`, value))
    seen.add(`${key} ${value}`)
    if (claim && message)
      errors.push(invalidValue(`${at}.message`, message, "may not be specified when claim is set"))
    if (expression && wanted)
      errors.push(invalidValue(`${at}.requiredValue`, wanted, "may not be specified when expression is set"))
    if (expression) errors.push(...validateExpression(expression, "claims", true, `${at}.expression`))
    return errors
  })
}

function validateMappings({ username, groups, uid, extra = [] }: ClaimMappings, path: string): FieldError[] {
  const errors = [
    ...validatePrefixed(username ?? {}, true, `${path}.username`),
    ...validatePrefixed(groups ?? {}, false, `${path}.groups`),
  ]
  if (uid?.claim && uid.expression)
    errors.push(invalidValue(`${path}.uid`, "", "claim and expression can't both be set"))
  else if (uid?.expression)
    errors.push(...validateExpression(uid.expression, "claims", false, `${path}.uid.expression`))
  const keys = new Set<string>()
  for (const [index, { key = "", valueExpression = "" }] of extra.entries()) {
    const at = `${path}.extra[${index}]`
    errors.push(...validateExtraKey(key, keys, `${at}.key`))
    errors.push(...validateExpression(valueExpression, "claims", false, `${at}.valueExpression`))
  }
  return errors
}

const reservedDomain = /(^|\.)(k8s|kubernetes)\.io$/

function validateExtraKey(key: string, seen: Set<string>, path: string): FieldError[] {
  const [problem] = domainPrefixedPathProblems(key)
  if (key === "" || problem)
    return [invalidValue(path, key, problem?.problem ?? "must be a domain-prefixed path")]
  const errors: FieldError[] = []
  if (key !== key.toLowerCase()) errors.push(invalidValue(path, key, "must be lowercase"))
  if (reservedDomain.test(key.split("/")[0]!)) {
    const why = "k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use"
    errors.push(invalidValue(path, key, why))
  }
  if (seen.has(key)) errors.push(duplicateValue(path, key))
  seen.add(key)
  return errors
}

function validatePrefixed(
  { claim, prefix, expression }: PrefixedClaimOrExpression,
  isRequired: boolean,
  path: string,
): FieldError[] {
  if (claim && expression) return [invalidValue(path, "", "claim and expression can't both be set")]
  if (!claim && !expression && isRequired) return [requiredValue(path, "claim or expression is required")]
  if (claim && prefix === undefined)
    return [
      requiredValue(
        `${path}.prefix`,
        "prefix is required when claim is set. It can be set to an empty string to disable prefixing",
      ),
    ]
  if (!claim && prefix)
    return [invalidValue(`${path}.prefix`, prefix, "prefix can't be set when expression is set")]
  return expression ? validateExpression(expression, "claims", false, `${path}.expression`) : []
}

/** Whoever names users by an address must look at whether it was verified. */
function validateEmail(
  mappings: ClaimMappings,
  rules: readonly ClaimValidationRule[],
  path: string,
): FieldError[] {
  const { username, extra = [] } = mappings
  const uses = (expression: string | undefined, claim: string) =>
    new RegExp(`\\bclaims(\\.\\??${claim}\\b|\\[.?"${claim}"\\])`).test(expression ?? "")
  if (!uses(username?.expression, "email")) return []
  const expressions = [
    username?.expression,
    ...extra.map(({ valueExpression }) => valueExpression),
    ...rules.map(({ expression }) => expression),
  ]
  if (expressions.some((expression) => uses(expression, "email_verified"))) return []
  return [
    invalidValue(
      `${path}.username.expression`,
      username?.expression,
      "claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression",
    ),
  ]
}

function validateExpression(
  expression: string,
  over: "claims" | "user",
  mustBeBool: boolean,
  path: string,
): FieldError[] {
  if (expression.trim() === "") return [requiredValue(path, "expression is required")]
  const compiled = compileClaimExpression(expression, over, mustBeBool)
  return typeof compiled === "string" ? [invalidValue(path, expression, compiled)] : []
}
