import type { FlagDefinitions, FlagValues } from "../../base/flags.ts"
import { parseDuration } from "../../apimachinery/duration.ts"
import type {
  ApiServerSettings,
  AuditSettings,
  AuthenticationSettings,
  AuthorizationSettings,
} from "../api-server-settings.ts"
import { authorizerTypes } from "../../apiserver/authorization/configuration.ts"
import {
  authenticationFlags,
  authenticationSettings,
  reviewVersion,
  serviceAccountSettings,
} from "./authentication-flags.ts"
import { UsageError } from "./command.ts"

const file = { type: "string", placeholder: "FILE" } as const

/** Upstream's flags of the API server, the same for `up` and for `apiserver`. */
export const apiServerFlags = {
  "tls-min-version": { type: "string", default: "VersionTLS12", placeholder: "VersionTLS12|VersionTLS13" },
  "tls-cipher-suites": {
    type: "list",
    placeholder: "NAME,...",
    description: "of TLS 1.2 (those with forward secrecy)",
  },
  "audit-policy-file": { ...file, description: "which requests are recorded, and how much of them" },
  "audit-log-path": { ...file, description: 'where, a line of JSON each; "-" is standard output' },
  "audit-log-maxage": { type: "int", default: 0, placeholder: "DAYS", description: "old logs go (never)" },
  "audit-log-maxbackup": { type: "int", default: 0, placeholder: "N", description: "old logs kept (all)" },
  "audit-log-maxsize": { type: "int", default: 0, placeholder: "MB", description: "of one log (100)" },
  "audit-webhook-config-file": { ...file, description: "kubeconfig of a server that is told, in batches" },
  "event-ttl": {
    type: "duration",
    default: "1h0m0s",
    placeholder: "TIME",
    description: "events are kept (1h0m0s)",
  },
  "encryption-provider-config": {
    ...file,
    description: "which resources are kept encrypted, with which keys",
  },
  "encryption-provider-config-automatic-reload": {
    type: "bool",
    description: "take new keys from that file while running",
  },
  ...authenticationFlags,
  "authorization-mode": {
    type: "list",
    placeholder: "MODE,...",
    description: "Node, RBAC, ABAC, Webhook, AlwaysAllow, AlwaysDeny, in this order (Node,RBAC)",
  },
  "authorization-config": { ...file, description: "AuthorizationConfiguration: the chain of authorizers" },
  "authorization-policy-file": { ...file, description: "the policies of mode ABAC, one JSON object a line" },
  "authorization-webhook-config-file": {
    ...file,
    description: "kubeconfig of the server that mode Webhook asks",
  },
  "authorization-webhook-version": { type: "string", default: "v1beta1", placeholder: "v1|v1beta1" },
  "authorization-webhook-cache-authorized-ttl": { type: "duration", default: "5m0s", placeholder: "TIME" },
  "authorization-webhook-cache-unauthorized-ttl": { type: "duration", default: "30s", placeholder: "TIME" },
  "admission-control-config-file": { ...file, description: "AdmissionConfiguration: what plugins are told" },
  "enable-admission-plugins": {
    type: "list",
    placeholder: "NAME,...",
    description: "beside the default ones",
  },
  profiling: {
    type: "bool",
    default: true,
    description: "tell at /debug/pprof/ where the process spends its time (true)",
  },
  "disable-admission-plugins": { type: "list", placeholder: "NAME,...", description: "of the default ones" },
} as const satisfies FlagDefinitions

type Values = FlagValues<typeof apiServerFlags>

/** Throws UsageError for flags that make no sense together. */
export function apiServerSettings(values: Values): ApiServerSettings {
  const audit = auditSettings(values)
  const authorization = authorizationSettings(values)
  const authentication = withoutAnonymous(authenticationSettings(values), authorization)
  const providerConfigFile = values["encryption-provider-config"]
  const automaticReload = values["encryption-provider-config-automatic-reload"]
  return {
    tls: tlsSettings(values),
    ...(audit && { audit }),
    ...(providerConfigFile && { encryption: { providerConfigFile, automaticReload } }),
    serviceAccounts: serviceAccountSettings(values),
    authentication,
    ...(authorization && { authorization }),
    ...(values["admission-control-config-file"] && {
      admissionConfigFile: values["admission-control-config-file"],
    }),
    enableAdmissionPlugins: values["enable-admission-plugins"],
    disableAdmissionPlugins: values["disable-admission-plugins"],
    eventTtlMs: eventTtlMs(values["event-ttl"]),
    profiling: values.profiling,
    flags: Object.fromEntries(
      Object.keys(apiServerFlags).map((name) => [name, values[name as keyof Values]]),
    ),
  }
}

/** A lease lives for whole seconds. */
function eventTtlMs(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds < 1000) throw new UsageError(`--event-ttl: ${text} is less than a second`)
  return milliseconds
}

/** Where everything is allowed nobody may be unknown, as upstream. */
function withoutAnonymous(
  authentication: AuthenticationSettings,
  authorization: AuthorizationSettings | undefined,
): AuthenticationSettings {
  if (!authorization?.modes?.includes("AlwaysAllow")) return authentication
  return { ...authentication, anonymous: false }
}

const tlsVersions: Readonly<Record<string, "TLSv1.2" | "TLSv1.3">> = {
  VersionTLS12: "TLSv1.2",
  VersionTLS13: "TLSv1.3",
}

function tlsSettings(values: Values): NonNullable<ApiServerSettings["tls"]> {
  const minVersion = tlsVersions[values["tls-min-version"]]
  if (!minVersion)
    throw new UsageError(
      `--tls-min-version: ${values["tls-min-version"]} is neither VersionTLS12 nor VersionTLS13`,
    )
  const cipherSuites = values["tls-cipher-suites"]
  return { minVersion, ...(cipherSuites.length > 0 && { cipherSuites }) }
}

function auditSettings(values: Values): AuditSettings | undefined {
  const policyFile = values["audit-policy-file"]
  const path = values["audit-log-path"]
  const webhookConfigFile = values["audit-webhook-config-file"]
  if (!path && !webhookConfigFile) {
    if (policyFile)
      throw new UsageError("--audit-policy-file: add --audit-log-path or --audit-webhook-config-file")
    return undefined
  }
  // As upstream: without a policy nothing is recorded.
  if (!policyFile)
    throw new UsageError(
      `--audit-policy-file FILE is missing: without a policy ${path ? "the log" : "the webhook"} would stay empty`,
    )
  return {
    policyFile,
    ...(path && {
      log: {
        path,
        maxAgeDays: values["audit-log-maxage"],
        maxBackups: values["audit-log-maxbackup"],
        maxMegabytes: values["audit-log-maxsize"],
      },
    }),
    ...(webhookConfigFile && { webhookConfigFile }),
  }
}

const authorizationModes: readonly string[] = [...authorizerTypes, "ABAC"]

function authorizationSettings(values: Values): AuthorizationSettings | undefined {
  const configFile = values["authorization-config"]
  const modes = values["authorization-mode"]
  const webhookFile = values["authorization-webhook-config-file"]
  const policyFile = values["authorization-policy-file"]
  if (configFile) {
    if (modes.length > 0 || webhookFile || policyFile)
      throw new UsageError(
        "--authorization-config can not be specified when --authorization-mode or --authorization-webhook-* flags are specified",
      )
    return { configFile }
  }
  for (const mode of modes) {
    if (!authorizationModes.includes(mode))
      throw new UsageError(`--authorization-mode: ${mode} is not one of ${authorizationModes.join(", ")}`)
    if (modes.filter((other) => other === mode).length > 1)
      throw new UsageError(`--authorization-mode: ${mode} is given more than once`)
  }
  if (modes.includes("Webhook") !== (webhookFile !== undefined))
    throw new UsageError(
      "--authorization-mode Webhook and --authorization-webhook-config-file belong together",
    )
  if (modes.includes("ABAC") !== (policyFile !== undefined))
    throw new UsageError("--authorization-mode ABAC and --authorization-policy-file belong together")
  if (modes.length === 0) return undefined
  return {
    modes,
    ...(policyFile && { policyFile }),
    ...(webhookFile && { webhook: webhookSettings(values, webhookFile) }),
  }
}

function webhookSettings(values: Values, configFile: string): NonNullable<AuthorizationSettings["webhook"]> {
  return {
    configFile,
    version: reviewVersion("authorization-webhook-version", values["authorization-webhook-version"]),
    allowedLifetimeMs: parseDuration(values["authorization-webhook-cache-authorized-ttl"]),
    otherLifetimeMs: parseDuration(values["authorization-webhook-cache-unauthorized-ttl"]),
  }
}
