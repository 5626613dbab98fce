import { parseJson } from "../../../apimachinery/codec/json.ts"
import { applyDefaults } from "../../../apimachinery/defaulting.ts"
import { copyJson } from "../../../apimachinery/freeze.ts"
import type { KubeObject } from "../../../apimachinery/meta.ts"
import { applyJsonPatch } from "../../../apimachinery/patch/json-patch.ts"
import type { JsonRecord } from "../../../apimachinery/schema-plan.ts"
import { internalError } from "../../../apimachinery/status-errors.ts"
import { decodeObject } from "../../../apimachinery/structural.ts"
import { quote } from "../../../base/quote.ts"
import { CallError } from "./call-error.ts"
import type { ReviewAnswer } from "./admission-review.ts"
import { isKindOf, type VersionedAttributes } from "./versioned-attributes.ts"

/**
 * The object with the answered patch laid over it, pruned and with its defaults: what a webhook puts in is read like what a
 * client sends. Undefined when there is nothing to do.
 */
export function applyAnsweredPatch(
  webhookName: string,
  { patch: text, patchType }: ReviewAnswer,
  versioned: VersionedAttributes,
): { readonly object: KubeObject; readonly patch: unknown } | undefined {
  if (text === undefined) return undefined
  const patch = decodePatch(webhookName, text)
  if (Array.isArray(patch) && patch.length === 0) return undefined
  const { object } = versioned
  if (!object) {
    throw internalError(
      `admission webhook ${quote(webhookName)} attempted to modify the object, which is not supported for this operation`,
    )
  }
  if (patchType !== "JSONPatch")
    throw new CallError(webhookName, `unsupported patch type ${quote(patchType)}`)
  try {
    const patched = applyJsonPatch(object as unknown as JsonRecord, patch)
    return { object: completed(patched as unknown as KubeObject, versioned), patch }
  } catch (error) {
    throw internalError(error)
  }
}

function decodePatch(webhookName: string, text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    const why = (error as Error).message
    throw new CallError(webhookName, `received undecodable patch in webhook response: ${why}`, error)
  }
}

/** The object pruned and with its defaults, as one that a client sends. */
export function completed(
  patched: KubeObject,
  { attributes, resource, kind }: VersionedAttributes,
): KubeObject {
  const schema = isKindOf(kind, resource) ? resource.schema : attributes.kind.schema
  if (!schema) return patched
  return applyDefaults(schema, decodeObject(schema, copyJson(patched))) as unknown as KubeObject
}
