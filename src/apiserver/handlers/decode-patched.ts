import { encodeJson } from "../../apimachinery/codec/json.ts"
import { applyDefaults } from "../../apimachinery/defaulting.ts"
import { invalid, invalidValue } from "../../apimachinery/field-error.ts"
import { copyJson } from "../../apimachinery/freeze.ts"
import { formatGo } from "../../apimachinery/patch/patch-errors.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import type { JsonRecord } from "../../apimachinery/schema-plan.ts"
import { quote } from "../../base/quote.ts"
import type { RequestContext } from "../context.ts"
import { BodyError } from "../encoding/body-kind.ts"
import { decodeValue, strictMessage } from "../encoding/decode-body.ts"
import type { Mutable } from "../registry/strategy.ts"
import { apiVersionOf, type View } from "../registry/view.ts"
import type { OtherPatchType, PatchBody } from "./read-patch.ts"
import type { WriteOptions } from "./write-options.ts"

/** The patched document as an object. What is wrong with it is told as a fault of the patch. */
export function decodePatched(
  context: RequestContext,
  type: OtherPatchType,
  view: View,
  patched: JsonRecord,
  body: PatchBody,
  { fieldValidation }: WriteOptions,
  { shown: before, isCustom }: { readonly shown: KubeObject; readonly isCustom: boolean },
): Mutable {
  const found = [...body.found]
  const refuse = (why: string) => {
    // Upstream shows the patched document, or the patch where it merges without making text of it.
    const shown = type === "strategic" ? formatGo(body.value) : encodeJson(inOrder(patched, before))
    return invalid({ group: "", kind: "" }, "", [invalidValue("patch", shown, why)])
  }
  let decoded: Mutable
  try {
    const isTyped = isCustom || type === "strategic" || patched["apiVersion"]
    const known = isTyped ? patched : withoutFields(patched, found)
    const typed = type === "strategic" ? withTypeOf(view, known) : known
    decoded = decodeValue(context.server, copyJson(typed), view.kind, found)
  } catch (error) {
    if (error instanceof BodyError) throw refuse(type === "strategic" ? error.converting : error.message)
    throw error
  }
  if (found.length > 0 && fieldValidation === "Strict") throw refuse(strictMessage(found))
  if (fieldValidation === "Warn") context.warnings.push(...found)
  return applyDefaults(view.kind.schema, decoded)
}

/** A strategic merge is of one type with itself; what the patch says about the type is nothing to it. */
function withTypeOf({ kind }: View, patched: JsonRecord): JsonRecord {
  return { ...patched, kind: kind.kind, apiVersion: apiVersionOf(kind) }
}

/** Without a version upstream reads a document into its inner form, which knows none of the names in it. */
function withoutFields(document: JsonRecord, found: string[]): JsonRecord {
  const { kind, apiVersion: _, ...others } = document
  for (const name of Object.keys(others).sort()) found.push(`unknown field ${quote(name)}`)
  return { kind }
}

/** Upstream makes maps of what a patch touches, and their members are written by name. */
function inOrder(patched: unknown, before: unknown): unknown {
  if (patched === before || typeof patched !== "object" || patched === null) return patched
  const was = (typeof before === "object" && before !== null ? before : {}) as JsonRecord
  if (Array.isArray(patched)) return patched.map((each, index) => inOrder(each, was[index]))
  const members = Object.entries(patched).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, value]) => [name, inOrder(value, was[name])]))
}
