import { readFileSync } from "node:fs"
import type { FlagDefinitions, FlagValues } from "../../base/flags.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import type { JwtAuthenticator } from "../../apiserver/authentication/configuration.ts"
import { validateJwtAuthenticator } from "../../apiserver/authentication/jwt/validate-jwt-authenticator.ts"
import { formatFieldErrors } from "../../apimachinery/field-error.ts"
import type { AuthenticationSettings, ServiceAccountSettings } from "../api-server-settings.ts"
import { UsageError } from "./command.ts"

const file = { type: "string", placeholder: "FILE" } as const

export const authenticationFlags = {
  "authentication-config": { ...file, description: "AuthenticationConfiguration: whose tokens are accepted" },
  "anonymous-auth": {
    type: "bool",
    default: true,
    description: "requests without credentials are anonymous (true)",
  },
  "token-auth-file": { ...file, description: "tokens and whose they are, a line each" },
  "authentication-token-webhook-config-file": {
    ...file,
    description: "kubeconfig of a server that knows tokens",
  },
  "authentication-token-webhook-version": { type: "string", default: "v1beta1", placeholder: "v1|v1beta1" },
  "authentication-token-webhook-cache-ttl": { type: "duration", default: "2m0s", placeholder: "TIME" },
  "oidc-issuer-url": { type: "string", placeholder: "URL", description: "whose ID tokens are accepted" },
  "oidc-client-id": { type: "string", placeholder: "ID", description: "whom they must be for" },
  "oidc-ca-file": { ...file, description: "whom to trust when asking the issuer (the system's own)" },
  "oidc-username-claim": { type: "string", default: "sub", placeholder: "CLAIM" },
  "oidc-username-prefix": { type: "string", placeholder: "PREFIX", description: '"-" for none' },
  "oidc-groups-claim": { type: "string", placeholder: "CLAIM" },
  "oidc-groups-prefix": { type: "string", placeholder: "PREFIX" },
  "oidc-required-claim": { type: "list", placeholder: "CLAIM=VALUE" },
  "service-account-issuer": {
    type: "list",
    placeholder: "URL,...",
    description: "in tokens of ServiceAccounts; further ones are still accepted",
  },
  "service-account-jwks-uri": {
    type: "string",
    placeholder: "URL",
    description: "where others find the keys (here)",
  },
  "service-account-key-file": {
    type: "list",
    placeholder: "FILE,...",
    description: "older public keys, accepted still",
  },
  "service-account-max-token-expiration": { type: "duration", placeholder: "TIME" },
  "service-account-extend-token-expiration": { type: "bool", default: true },
  "api-audiences": {
    type: "list",
    placeholder: "NAME,...",
    description: "what tokens must be good for (the issuers)",
  },
} as const satisfies FlagDefinitions

type Values = FlagValues<typeof authenticationFlags>

/** Throws UsageError for flags that make no sense together. */
export function authenticationSettings(values: Values): AuthenticationSettings {
  const configFile = values["authentication-config"]
  const tokenFile = values["token-auth-file"]
  const webhookFile = values["authentication-token-webhook-config-file"]
  const oidc = oidcAuthenticator(values)
  if (configFile && oidc)
    throw new UsageError("authentication-config file and oidc-* flags are mutually exclusive")
  return {
    ...(configFile && { configFile }),
    ...(oidc && { oidc }),
    anonymous: values["anonymous-auth"],
    ...(tokenFile && { tokenFile }),
    ...(webhookFile && {
      webhook: {
        configFile: webhookFile,
        version: reviewVersion(
          "authentication-token-webhook-version",
          values["authentication-token-webhook-version"],
        ),
        cacheLifetimeMs: parseDuration(values["authentication-token-webhook-cache-ttl"]),
      },
    }),
  }
}

/** Throws UsageError. */
export function serviceAccountSettings(values: Values): ServiceAccountSettings {
  const issuers = values["service-account-issuer"]
  const audiences = values["api-audiences"]
  const keysUrl = values["service-account-jwks-uri"]
  const keyFiles = values["service-account-key-file"]
  const longest = values["service-account-max-token-expiration"]
  const maxExpirationSeconds = longest === undefined ? undefined : parseDuration(longest) / 1000
  // As upstream: a token must outlive the time in which its bearer asks for the next one.
  if (maxExpirationSeconds !== undefined && (maxExpirationSeconds < 3600 || maxExpirationSeconds > 2 ** 32))
    throw new UsageError(
      "--service-account-max-token-expiration: the service-account-max-token-expiration must be between 1 hour and 2^32 seconds",
    )
  return {
    ...(issuers.length > 0 && { issuers }),
    ...(audiences.length > 0 && { audiences }),
    ...(keysUrl && { keysUrl }),
    ...(keyFiles.length > 0 && { keyFiles }),
    ...(maxExpirationSeconds !== undefined && { maxExpirationSeconds }),
    extendExpiration: values["service-account-extend-token-expiration"],
  }
}

/** The older flags say the same as a configuration with one issuer. */
function oidcAuthenticator(values: Values): JwtAuthenticator | undefined {
  const url = values["oidc-issuer-url"]
  const clientId = values["oidc-client-id"]
  if (!url && !clientId) return undefined
  if (!url || !clientId)
    throw new UsageError(
      "oidc-issuer-url and oidc-client-id must be specified together when any oidc-* flags are set",
    )
  const claim = values["oidc-username-claim"]
  const groupsClaim = values["oidc-groups-claim"]
  const authorityFile = values["oidc-ca-file"]
  const authenticator: JwtAuthenticator = {
    issuer: {
      url,
      audiences: [clientId],
      ...(authorityFile && { certificateAuthority: readFileSync(authorityFile, "utf8") }),
    },
    claimMappings: {
      username: { claim, prefix: usernamePrefix(values["oidc-username-prefix"], claim, url) },
      ...(groupsClaim && { groups: { claim: groupsClaim, prefix: values["oidc-groups-prefix"] ?? "" } }),
    },
    claimValidationRules: values["oidc-required-claim"].map((pair) => {
      const [name = "", ...value] = pair.split("=")
      return { claim: name, requiredValue: value.join("=") }
    }),
  }
  const errors = validateJwtAuthenticator(authenticator, "oidc", [])
  if (errors.length > 0) throw new UsageError(`--oidc-*: ${formatFieldErrors(errors)}`)
  return authenticator
}

/** Names of somebody else's users must not clash with ours, unless they are asked to, or are addresses. */
function usernamePrefix(given: string | undefined, claim: string, issuer: string): string {
  if (given === "-") return ""
  return given || (claim === "email" ? "" : `${issuer}#`)
}

/** Which version of reviews a webhook speaks. Throws UsageError for one that we do not. */
export function reviewVersion(flag: string, text: string): "v1" | "v1beta1" {
  if (text !== "v1" && text !== "v1beta1")
    throw new UsageError(`--${flag}: ${text} is neither v1 nor v1beta1`)
  return text
}
