import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { decodeAdmissionConfiguration, type PluginSettings } from "../apiserver/admission/configuration.ts"
import { readFile } from "node:fs/promises"
import type { AnonymousAccess } from "../apiserver/authentication/authenticate-request.ts"
import {
  type AuthenticationConfiguration,
  decodeAuthenticationConfiguration,
  type JwtAuthenticator,
} from "../apiserver/authentication/configuration.ts"
import type { TokenAuthenticator } from "../apiserver/authentication/authenticator.ts"
import { JwtTokens } from "../apiserver/authentication/jwt/jwt-tokens.ts"
import { fetchDocument } from "../apiserver/authentication/real/fetch-document.ts"
import { verifySignature } from "../apiserver/authentication/real/verify-signature.ts"
import { parseTokenFile } from "../apiserver/authentication/static-tokens.ts"
import { TokenAuthenticators } from "../apiserver/authentication/token-authenticators.ts"
import { WebhookTokens } from "../apiserver/authentication/webhook-tokens.ts"
import { AttributesAuthorizer } from "../apiserver/authorization/attributes/attributes-authorizer.ts"
import { parsePolicyFile } from "../apiserver/authorization/attributes/policy-file.ts"
import {
  type AuthorizationConfiguration,
  type AuthorizerConfiguration,
  decodeAuthorizationConfiguration,
} from "../apiserver/authorization/configuration.ts"
import type { AuthorizerLink } from "../apiserver/authorization/default-authorizer.ts"
import { compileConditions } from "../apiserver/authorization/webhook/match-conditions.ts"
import { WebhookAuthorizer } from "../apiserver/authorization/webhook/webhook-authorizer.ts"
import { kubeconfigCredentials } from "../apiserver/webhooks/real/kubeconfig-credentials.ts"
import { kubeconfigWebhook } from "../apiserver/webhooks/real/kubeconfig-webhook.ts"
import { parseDuration } from "../apimachinery/duration.ts"
import type { Timer } from "../base/clock.ts"
import type {
  ApiServerSettings,
  AuthenticationSettings,
  AuthorizationSettings,
  ServiceAccountSettings,
} from "./api-server-settings.ts"
import { Changing, type FileParts, followFile } from "./changing.ts"
import type { ReloadMetrics } from "./reload-metrics.ts"
import { type SecurityAdditions, serviceAccountIssuer } from "./security.ts"

/** Reads the files that the settings name and makes what they ask for. Throws when one is not what it should be. */
export async function readSecurityAdditions(
  settings: ApiServerSettings,
  parts: ReadParts,
): Promise<SecurityAdditions & { readonly timers: readonly Timer[] }> {
  const { authentication, authorization, enableAdmissionPlugins, disableAdmissionPlugins } = settings
  const { admissionConfigFile, serviceAccounts } = settings
  const ownIssuers = serviceAccounts?.issuers ?? [serviceAccountIssuer]
  const authorizers = authorization && (await readAuthorizers(authorization, parts))
  const authenticators = authentication && (await readAuthentication(authentication, ownIssuers, parts))
  return {
    ...authenticators?.additions,
    ...(authorizers && { authorizers: authorizers.changing }),
    ...(serviceAccounts && {
      serviceAccounts: { ...serviceAccounts, olderPublicKeys: publicKeys(serviceAccounts) },
    }),
    admission: {
      ...(admissionConfigFile && (await readPluginOptions(admissionConfigFile, parts))),
      ...(enableAdmissionPlugins && { enable: enableAdmissionPlugins }),
      ...(disableAdmissionPlugins && { disable: disableAdmissionPlugins }),
    },
    timers: [...(authorizers?.timers ?? []), ...(authenticators?.timers ?? [])],
  }
}

/** Paths in it are relative to the file. */
function readPluginSettings(path: string): PluginSettings {
  const read = (other: string) => readFileSync(resolve(dirname(path), other), "utf8")
  return decodeAdmissionConfiguration(readFileSync(path, "utf8"), path, read)
}

type PluginOptions = NonNullable<SecurityAdditions["admission"]>

/** With the kubeconfigs that the settings name read too. */
async function readPluginOptions(path: string, { clock }: FileParts): Promise<PluginOptions> {
  const { imageReviews, mutatingWebhookKubeconfig, validatingWebhookKubeconfig, ...plain } =
    readPluginSettings(path)
  const credentialsIn = async (file: string | undefined) => (file ? kubeconfigCredentials(file) : undefined)
  const mutating = await credentialsIn(mutatingWebhookKubeconfig)
  const validating = await credentialsIn(validatingWebhookKubeconfig)
  return {
    ...plain,
    webhookCredentials: { ...(mutating && { mutating }), ...(validating && { validating }) },
    ...(imageReviews && {
      imagePolicy: { ...imageReviews, ...(await kubeconfigWebhook(imageReviews.kubeconfigFile, clock)) },
    }),
  }
}

function publicKeys({ keyFiles = [] }: ServiceAccountSettings): string[] {
  return keyFiles.map((path) => readFileSync(path, "utf8"))
}

interface ReadParts extends FileParts {
  readonly reloads: ReloadMetrics
}

async function readAuthentication(
  settings: AuthenticationSettings,
  ownIssuers: readonly string[],
  parts: ReadParts,
): Promise<{ readonly additions: SecurityAdditions; readonly timers: readonly Timer[] }> {
  const { configFile, oidc, tokenFile, webhook } = settings
  const { changing, timer } = configFile
    ? await followFile(
        configFile,
        (text) => decodeAuthenticationConfiguration(text, configFile, ownIssuers),
        { ...parts, reloaded: parts.reloads.of("authentication") },
      )
    : { changing: new Changing<AuthenticationConfiguration>({ jwt: oidc ? [oidc] : [] }), timer: undefined }
  const hook = webhook && (await kubeconfigWebhook(webhook.configFile, parts.clock))
  const accessOf = ({ anonymous }: AuthenticationConfiguration) =>
    anonymousAccess(anonymous ?? { enabled: settings.anonymous ?? true })
  const anonymous = new Changing(accessOf(changing.value))
  changing.onChange((configuration) => anonymous.set(accessOf(configuration)))
  return {
    additions: {
      ...(tokenFile && { knownTokens: parseTokenFile(await readFile(tokenFile, "utf8")) }),
      anonymous,
      tokens(ownAudiences): TokenAuthenticator[] {
        const { clock } = parts
        const jwt = (each: JwtAuthenticator) =>
          new JwtTokens({ configuration: each, fetch: fetchDocument, verifySignature, ownAudiences, clock })
        const issuers = new TokenAuthenticators((changing.value.jwt ?? []).map(jwt))
        changing.onChange((configuration) => issuers.use((configuration.jwt ?? []).map(jwt)))
        const asked = webhook && hook ? [new WebhookTokens({ ...webhook, ...hook, ownAudiences, clock })] : []
        return [issuers, ...asked]
      },
    },
    timers: timer ? [timer] : [],
  }
}

function anonymousAccess({
  enabled = false,
  conditions,
}: NonNullable<AuthenticationConfiguration["anonymous"]>): AnonymousAccess {
  return enabled && conditions?.length ? { paths: conditions.map(({ path = "" }) => path) } : enabled
}

interface ReadAuthorizers {
  readonly changing: Changing<readonly AuthorizerLink[]>
  readonly timers: readonly Timer[]
}

async function readAuthorizers(
  { configFile, modes, policyFile, webhook }: AuthorizationSettings,
  parts: ReadParts,
): Promise<ReadAuthorizers | undefined> {
  if (configFile) {
    const { changing, timer } = await followFile(
      configFile,
      (text) => authorizersOf(decodeAuthorizationConfiguration(text, configFile), parts),
      { ...parts, reloaded: parts.reloads.of("authorization") },
    )
    return { changing, timers: [timer] }
  }
  if (!modes) return undefined
  const links = await Promise.all(
    modes.map(async (mode): Promise<AuthorizerLink> => {
      if (mode === "ABAC")
        return new AttributesAuthorizer(parsePolicyFile(await readFile(policyFile!, "utf8"), policyFile!))
      if (mode !== "Webhook") return mode as AuthorizerLink
      const { post } = await kubeconfigWebhook(webhook!.configFile, parts.clock)
      const usual = { name: "default", timeoutMs: 30_000, onError: "noOpinion" } as const
      return new WebhookAuthorizer({ ...webhook!, ...parts, ...usual, post })
    }),
  )
  return { changing: new Changing<readonly AuthorizerLink[]>(links), timers: [] }
}

function authorizersOf(
  { authorizers = [] }: AuthorizationConfiguration,
  parts: ReadParts,
): Promise<readonly AuthorizerLink[]> {
  return Promise.all(authorizers.map((each) => authorizerOf(each, parts)))
}

async function authorizerOf(
  { type, name = "", webhook }: AuthorizerConfiguration,
  parts: ReadParts,
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
