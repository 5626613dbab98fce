import { readFile } from "node:fs/promises"
import { AuditTrail } from "../apiserver/audit/audit-trail.ts"
import { batchingWebhook } from "../apiserver/audit/batching-webhook.ts"
import type { AuditSink } from "../apiserver/audit/event.ts"
import { decodePolicy } from "../apiserver/audit/policy.ts"
import { auditLogFile } from "../apiserver/audit/real/log-file.ts"
import { kubeconfigWebhook } from "../apiserver/webhooks/real/kubeconfig-webhook.ts"
import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { AuditSettings } from "./api-server-settings.ts"

/** Where `--audit-policy-file` and its companions lead. Throws when a file is not what it should be. */
export async function openAuditTrail(
  settings: AuditSettings,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): Promise<AuditTrail> {
  const { policyFile } = settings
  const policy = decodePolicy(await readFile(policyFile, "utf8"), policyFile)
  const sinks: AuditSink[] = []
  if (settings.log) sinks.push(auditLogFile({ ...settings.log, clock, log }))
  if (settings.webhookConfigFile) {
    const { post, close } = await kubeconfigWebhook(settings.webhookConfigFile, clock)
    const sink = batchingWebhook({ post, clock, log })
    sinks.push({ ...sink, close: () => sink.close().finally(close) })
  }
  return new AuditTrail({ policy, sinks, clock })
}
