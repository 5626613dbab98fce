import { readFile } from "node:fs/promises"
import {
  decodeAuthenticationConfiguration,
  type JwtAuthenticator,
} from "../apiserver/authentication/configuration.ts"
import type { TokenAuthenticator } from "../apiserver/authentication/authenticator.ts"
import { JwtTokens } from "../apiserver/authentication/jwt/jwt-tokens.ts"
import { fetchDocument } from "../apiserver/authentication/real/fetch-document.ts"
import { verifySignature } from "../apiserver/authentication/real/verify-signature.ts"
import { parseTokenFile } from "../apiserver/authentication/static-tokens.ts"
import { WebhookTokens } from "../apiserver/authentication/webhook-tokens.ts"
import {
  type AuthorizerConfiguration,
  decodeAuthorizationConfiguration,
} from "../apiserver/authorization/configuration.ts"
import type { AuthorizerLink } from "../apiserver/authorization/default-authorizer.ts"
import { compileConditions } from "../apiserver/authorization/webhook/match-conditions.ts"
import { WebhookAuthorizer } from "../apiserver/authorization/webhook/webhook-authorizer.ts"
import { kubeconfigWebhook } from "../apiserver/webhooks/real/kubeconfig-webhook.ts"
import { parseDuration } from "../apimachinery/duration.ts"
import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type {
  ApiServerSettings,
  AuthenticationSettings,
  AuthorizationSettings,
} from "./api-server-settings.ts"
import { type SecurityAdditions, serviceAccountIssuer } from "./security.ts"

interface Parts {
  readonly clock: Clock
  readonly log: Logger
}

/** Reads the files that the settings name and makes what they ask for. Throws when one is not what it should be. */
export async function readSecurityAdditions(
  settings: ApiServerSettings,
  parts: Parts,
): Promise<SecurityAdditions> {
  const { authentication, authorization, enableAdmissionPlugins, disableAdmissionPlugins } = settings
  const authorizers = authorization && (await readAuthorizers(authorization, parts))
  return {
    ...(authentication && (await readAuthentication(authentication, parts))),
    ...(authorizers && { authorizers }),
    admission: {
      ...(enableAdmissionPlugins && { enable: enableAdmissionPlugins }),
      ...(disableAdmissionPlugins && { disable: disableAdmissionPlugins }),
    },
  }
}

async function readAuthentication(
  settings: AuthenticationSettings,
  parts: Parts,
): Promise<SecurityAdditions> {
  const { configFile, oidc, tokenFile, webhook } = settings
  const configuration = configFile
    ? decodeAuthenticationConfiguration(await readFile(configFile, "utf8"), configFile, [
        serviceAccountIssuer,
      ])
    : { jwt: oidc ? [oidc] : [] }
  const hook = webhook && (await kubeconfigWebhook(webhook.configFile, parts.clock))
  const { enabled = true, conditions } = configuration.anonymous ?? { enabled: settings.anonymous ?? true }
  return {
    ...(tokenFile && { knownTokens: parseTokenFile(await readFile(tokenFile, "utf8")) }),
    anonymous: enabled && conditions?.length ? { paths: conditions.map(({ path = "" }) => path) } : enabled,
    tokens(ownAudiences): TokenAuthenticator[] {
      const { clock } = parts
      const jwt = (each: JwtAuthenticator) =>
        new JwtTokens({ configuration: each, fetch: fetchDocument, verifySignature, ownAudiences, clock })
      const asked = webhook && hook ? [new WebhookTokens({ ...webhook, ...hook, ownAudiences, clock })] : []
      return [...(configuration.jwt ?? []).map(jwt), ...asked]
    },
  }
}

async function readAuthorizers(
  settings: AuthorizationSettings,
  parts: Parts,
): Promise<readonly AuthorizerLink[] | undefined> {
  const { configFile, modes, webhook } = settings
  if (configFile) {
    const { authorizers = [] } = decodeAuthorizationConfiguration(
      await readFile(configFile, "utf8"),
      configFile,
    )
    return Promise.all(authorizers.map((each) => authorizerOf(each, parts)))
  }
  return (
    modes &&
    Promise.all(
      modes.map(async (mode) => {
        if (mode !== "Webhook") return mode as AuthorizerLink
        const { post } = await kubeconfigWebhook(webhook!.configFile, parts.clock)
        return new WebhookAuthorizer({
          ...webhook!,
          ...parts,
          post,
          name: "default",
          timeoutMs: 30_000,
          onError: "noOpinion",
        })
      }),
    )
  )
}

async function authorizerOf(
  { type, name = "", webhook }: AuthorizerConfiguration,
  parts: Parts,
): Promise<AuthorizerLink> {
  if (!webhook) return type as AuthorizerLink
  const { cacheAuthorizedRequests: cachesAllowed, cacheUnauthorizedRequests: cachesOthers } = webhook
  const expressions = (webhook.matchConditions ?? []).map(({ expression = "" }) => expression)
  const { post } = await kubeconfigWebhook(webhook.connectionInfo?.kubeConfigFile ?? "", parts.clock)
  return new WebhookAuthorizer({
    ...parts,
    name,
    post,
    version: webhook.subjectAccessReviewVersion as "v1",
    timeoutMs: parseDuration(webhook.timeout!),
    allowedLifetimeMs: cachesAllowed ? parseDuration(webhook.authorizedTTL) : 0,
    otherLifetimeMs: cachesOthers ? parseDuration(webhook.unauthorizedTTL) : 0,
    onError: webhook.failurePolicy === "Deny" ? "denied" : "noOpinion",
    conditions: compileConditions(expressions, "matchConditions").conditions,
  })
}
