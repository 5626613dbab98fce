import {
  type MutatingWebhook,
  MutatingWebhookConfiguration,
} from "../../../api/admissionregistration/v1/mutating-webhook-configuration.ts"
import { jsonEqual } from "../../../apimachinery/json-equal.ts"
import { internalError, timeout } from "../../../apimachinery/status-errors.ts"
import type { AdmissionAttributes, AdmissionPlugin, AdmittedObject } from "../admission.ts"
import { ReinvocationState } from "../reinvocation.ts"
import { ReinvocationMemory } from "../reinvocation-memory.ts"
import { annotateMutation, annotatePatch } from "./annotations.ts"
import { applyAnsweredPatch } from "./apply-answered-patch.ts"
import { CallError } from "./call-error.ts"
import { callHook } from "./call-hook.ts"
import { findInvocation, type Invocation } from "./find-invocation.ts"
import { hookSource } from "./hooks.ts"
import { fromVersionOf, inVersionOf } from "./versioned-attributes.ts"
import { everyRequest, isExempt, type WebhookContext } from "./webhook-context.ts"

const pluginName = "MutatingAdmissionWebhook"

/** HTTP services that may change what is about to be stored, one after the other: each sees what the one before has made. */
export function mutatingAdmissionWebhook(context: WebhookContext): AdmissionPlugin {
  const hooks = hookSource<MutatingWebhook>(context.cache, MutatingWebhookConfiguration)
  return {
    name: pluginName,
    on: everyRequest,
    async mutate(attributes) {
      const all = hooks()
      if (all.length === 0 || isExempt(attributes)) return attributes.object
      const { reinvocation = new ReinvocationState() } = attributes
      const memory = reinvocation.memoryOf(pluginName, () => new ReinvocationMemory())
      if (reinvocation.isReinvoke && !jsonEqual(memory.lastOutput, attributes.object)) memory.changed()
      let current = attributes
      for (const [index, hook] of all.entries()) {
        const invocation = await findInvocation(hook, current, context)
        if (!invocation || (reinvocation.isReinvoke && !memory.isToBeCalledAgain(hook.uid))) continue
        const object = await ask(invocation, index, current, context)
        if (object !== current.object) {
          memory.changed()
          reinvocation.requireReinvocation()
          current = { ...current, object }
        }
        if (hook.webhook.reinvocationPolicy === "IfNeeded") memory.wasCalled(hook.uid)
      }
      memory.lastOutput = current.object
      return current.object
    },
  }
}

/** Gives the object as the webhook wants it: the same one when it changes nothing. */
async function ask(
  { hook, resource }: Invocation<MutatingWebhook>,
  index: number,
  attributes: AdmissionAttributes,
  context: WebhookContext,
): Promise<AdmittedObject> {
  const { webhook } = hook
  const place = { hook, index, round: attributes.reinvocation?.isReinvoke ? 1 : 0 }
  const versioned = await inVersionOf(attributes, resource, context.equivalents)
  let changed = false
  try {
    const answer = await callHook(webhook, versioned, true, context)
    const patched = applyAnsweredPatch(webhook.name, answer, versioned)
    if (!patched) return attributes.object
    annotatePatch(attributes, place, patched.patch)
    changed = !jsonEqual(patched.object, versioned.object)
    return changed ? fromVersionOf(patched.object, versioned, context.equivalents) : attributes.object
  } catch (error) {
    if (!(error instanceof CallError)) throw error
    if (webhook.failurePolicy !== "Ignore") throw internalError(error)
    context.log.warn("failed calling webhook, failing open", { webhook: webhook.name, error: error.message })
    attributes.annotate?.(
      `failed-open.mutation.webhook.admission.k8s.io/round_${place.round}_index_${index}`,
      webhook.name,
    )
    if (attributes.signal?.aborted) throw timeout("request did not complete within requested timeout")
    return attributes.object
  } finally {
    annotateMutation(attributes, place, changed)
  }
}
