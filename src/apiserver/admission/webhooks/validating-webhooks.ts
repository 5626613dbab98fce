import {
  type ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from "../../../api/admissionregistration/v1/validating-webhook-configuration.ts"
import { internalError, timeout } from "../../../apimachinery/status-errors.ts"
import type { AdmissionAttributes, AdmissionPlugin } from "../admission.ts"
import { CallError } from "./call-error.ts"
import { callHook } from "./call-hook.ts"
import { findInvocation, type Invocation } from "./find-invocation.ts"
import { hookSource } from "./hooks.ts"
import { everyRequest, isExempt, type WebhookContext } from "./webhook-context.ts"
import { inVersionOf } from "./versioned-attributes.ts"

/** HTTP services that may refuse what is about to be stored; all of them are asked at the same time. */
export function validatingAdmissionWebhook(context: WebhookContext): AdmissionPlugin {
  const hooks = hookSource<ValidatingWebhook>(context.cache, ValidatingWebhookConfiguration)
  return {
    name: "ValidatingAdmissionWebhook",
    on: everyRequest,
    async validate(attributes) {
      const all = hooks()
      if (all.length === 0 || isExempt(attributes)) return
      const invocations: Invocation<ValidatingWebhook>[] = []
      for (const hook of all) {
        const invocation = await findInvocation(hook, attributes, context)
        if (invocation) invocations.push(invocation)
      }
      if (invocations.length === 0) return
      if (attributes.signal?.aborted) throw timeout("request did not complete within requested timeout")
      const outcomes = await Promise.allSettled(
        invocations.map((invocation, index) => ask(invocation, index, attributes, context)),
      )
      for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason
    },
  }
}

async function ask(
  { hook, resource }: Invocation<ValidatingWebhook>,
  index: number,
  attributes: AdmissionAttributes,
  context: WebhookContext,
): Promise<void> {
  const { webhook } = hook
  try {
    const versioned = await inVersionOf(attributes, resource, context.equivalents)
    await callHook(webhook, versioned, false, context)
  } catch (error) {
    if (!(error instanceof CallError)) throw error
    if (webhook.failurePolicy !== "Ignore") throw internalError(error)
    context.log.warn("failed calling webhook, failing open", { webhook: webhook.name, error: error.message })
    attributes.annotate?.(
      `failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`,
      webhook.name,
    )
  }
}
