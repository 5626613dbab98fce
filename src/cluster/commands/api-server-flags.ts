import type { FlagDefinitions, FlagValues } from "../../base/flags.ts"
import type { ApiServerSettings, AuditSettings } from "../api-server-settings.ts"
import { UsageError } from "./command.ts"

/** Upstream's flags of the API server, the same for `up` and for `apiserver`. */
export const apiServerFlags = {
  "audit-policy-file": {
    type: "string",
    placeholder: "FILE",
    description: "which requests are recorded, and how much of them",
  },
  "audit-log-path": {
    type: "string",
    placeholder: "FILE",
    description: 'where they are recorded, a line of JSON each; "-" is standard output',
  },
  "audit-log-maxage": { type: "int", default: 0, placeholder: "DAYS", description: "old logs go (never)" },
  "audit-log-maxbackup": { type: "int", default: 0, placeholder: "N", description: "old logs kept (all)" },
  "audit-log-maxsize": { type: "int", default: 0, placeholder: "MB", description: "of one log (100)" },
  "audit-webhook-config-file": {
    type: "string",
    placeholder: "KUBECONFIG",
    description: "a server that is told of what is recorded, in batches",
  },
  "encryption-provider-config": {
    type: "string",
    placeholder: "FILE",
    description: "which resources are kept encrypted, and with which keys",
  },
  "encryption-provider-config-automatic-reload": {
    type: "bool",
    description: "take new keys from that file while running",
  },
} as const satisfies FlagDefinitions

/** Throws UsageError for flags that make no sense together. */
export function apiServerSettings(values: FlagValues<typeof apiServerFlags>): ApiServerSettings {
  const audit = auditSettings(values)
  const providerConfigFile = values["encryption-provider-config"]
  const automaticReload = values["encryption-provider-config-automatic-reload"]
  return {
    ...(audit && { audit }),
    ...(providerConfigFile && { encryption: { providerConfigFile, automaticReload } }),
  }
}

function auditSettings(values: FlagValues<typeof apiServerFlags>): AuditSettings | undefined {
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
