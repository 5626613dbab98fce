import {
  type FieldError,
  duplicateValue,
  invalidValue,
  requiredValue,
  tooMany,
} from "../../apimachinery/field-error.ts"
import { bool, field, type Infer, list, message, optional, string } from "../../apimachinery/schema.ts"
import { decodeConfiguration, refuseInvalid } from "../../apimachinery/decode-configuration.ts"
import { validateJwtAuthenticator } from "./jwt/validate-jwt-authenticator.ts"

// Whose tokens are accepted (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration).

const Issuer = message("Issuer", {
  url: field(1, string),
  discoveryURL: optional(2, string),
  certificateAuthority: field(3, string),
  audiences: field(4, list(string)),
  audienceMatchPolicy: field(5, string),
  egressSelectorType: field(6, string),
})

const ClaimValidationRule = message("ClaimValidationRule", {
  claim: field(1, string),
  requiredValue: field(2, string),
  expression: field(3, string),
  message: field(4, string),
})
export interface ClaimValidationRule extends Infer<typeof ClaimValidationRule> {}

const PrefixedClaimOrExpression = message("PrefixedClaimOrExpression", {
  claim: field(1, string),
  prefix: optional(2, string),
  expression: field(3, string),
})
export interface PrefixedClaimOrExpression extends Infer<typeof PrefixedClaimOrExpression> {}

const ClaimMappings = message("ClaimMappings", {
  username: optional(1, PrefixedClaimOrExpression),
  groups: optional(2, PrefixedClaimOrExpression),
  uid: optional(3, message("ClaimOrExpression", { claim: field(1, string), expression: field(2, string) })),
  extra: field(
    4,
    list(message("ExtraMapping", { key: field(1, string), valueExpression: field(2, string) })),
  ),
})
export interface ClaimMappings extends Infer<typeof ClaimMappings> {}

const UserValidationRule = message("UserValidationRule", {
  expression: field(1, string),
  message: field(2, string),
})

const JwtAuthenticator = message("JWTAuthenticator", {
  issuer: optional(1, Issuer),
  claimValidationRules: field(2, list(ClaimValidationRule)),
  claimMappings: optional(3, ClaimMappings),
  userValidationRules: field(4, list(UserValidationRule)),
})
/** Whose tokens are accepted, and what their claims say about the user. */
export interface JwtAuthenticator extends Infer<typeof JwtAuthenticator> {}

const AnonymousAuthentication = message("AnonymousAuthConfig", {
  enabled: field(1, bool),
  conditions: field(2, list(message("AnonymousAuthCondition", { path: field(1, string) }))),
})

const AuthenticationConfiguration = message("AuthenticationConfiguration", {
  jwt: field(1, list(JwtAuthenticator)),
  anonymous: optional(2, AnonymousAuthentication),
})
export interface AuthenticationConfiguration extends Infer<typeof AuthenticationConfiguration> {}

const maxIssuers = 64

/**
 * The configuration of `--authentication-config`. Throws ConfigurationError.
 *
 * @param ownIssuers whose tokens the server judges itself
 */
export function decodeAuthenticationConfiguration(
  text: string,
  path: string,
  ownIssuers: readonly string[],
): AuthenticationConfiguration {
  const configuration: AuthenticationConfiguration = decodeConfiguration(text, path, {
    group: "apiserver.config.k8s.io",
    versions: ["v1", "v1beta1"],
    kind: "AuthenticationConfiguration",
    schema: AuthenticationConfiguration,
  })
  refuseInvalid(path, validate(configuration, ownIssuers))
  return configuration
}

function validate(
  { jwt = [], anonymous }: AuthenticationConfiguration,
  ownIssuers: readonly string[],
): FieldError[] {
  const errors: FieldError[] = []
  if (jwt.length > maxIssuers) return [tooMany("jwt", jwt.length, maxIssuers)]
  const urls = new Set<string>()
  for (const [index, authenticator] of jwt.entries()) {
    const path = `jwt[${index}]`
    errors.push(...validateJwtAuthenticator(authenticator, path, ownIssuers))
    for (const name of ["url", "discoveryURL"] as const) {
      const url = authenticator.issuer?.[name]
      if (url && urls.has(`${name} ${url}`)) errors.push(duplicateValue(`${path}.issuer.${name}`, url))
      urls.add(`${name} ${url}`)
    }
  }
  if (anonymous && !anonymous.enabled && anonymous.conditions?.length)
    errors.push(
      invalidValue(
        "anonymous.conditions",
        anonymous.conditions,
        "enabled should be set to true when conditions are defined",
      ),
    )
  for (const [index, { path }] of (anonymous?.conditions ?? []).entries())
    if (!path) errors.push(requiredValue(`anonymous.conditions[${index}].path`))
  return errors
}
