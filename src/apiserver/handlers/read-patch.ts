import { parseJson } from "../../apimachinery/codec/json.ts"
import { isRecord, type JsonRecord } from "../../apimachinery/schema-plan.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import { quote } from "../../base/quote.ts"
import type { RequestContext } from "../context.ts"
import { jsonType } from "../encoding/body-kind.ts"
import { readBytes } from "../encoding/decode-body.ts"
import type { WriteOptions } from "./write-options.ts"

/** Of patches but server-side apply. */
export type OtherPatchType = "json" | "merge" | "strategic"

export interface PatchBody {
  readonly value: unknown
  /** What `fieldValidation` has to say about it. */
  readonly found: readonly string[]
}

// What upstream's program reads a patch into, when it looks closely.
const goTypes: Readonly<Record<OtherPatchType, string>> = {
  json: "[]handlers.jsonPatchOp",
  merge: "map[string]interface {}",
  strategic: "map[string]interface {}",
}

/** The patch of a request, checked as closely as `fieldValidation` asks. What it gives throws StatusError BadRequest. */
export async function readPatch(
  context: RequestContext,
  type: OtherPatchType,
  options: WriteOptions,
): Promise<() => PatchBody> {
  const { body } = context.request
  if (body.kind === "object") {
    context.audit?.request(body.value)
    return () => ({ value: body.value, found: [] })
  }
  const bytes = await readBytes(context)
  try {
    const patch = parsePatch(bytes, type, options)
    context.audit?.request(patch.value)
    return () => patch
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function parsePatch(bytes: Uint8Array, type: OtherPatchType, { fieldValidation }: WriteOptions): PatchBody {
  const prefix = type === "strategic" ? "" : "error decoding patch: "
  const found: string[] = []
  let value: unknown
  try {
    value = parseJson(bytes, found)
  } catch (error) {
    throw badRequest(`${prefix}${(error as Error).message}`)
  }
  if (fieldValidation === "Ignore") return { value: value ?? emptyPatch(type), found: [] }
  const mismatch = mismatchOf(type, value)
  if (mismatch) throw badRequest(prefix + mismatch)
  return {
    value: value ?? emptyPatch(type),
    found: type === "json" ? [...found, ...unknownMembers(value)].map((each) => `json patch ${each}`) : found,
  }
}

/** "null" is a patch that changes nothing, but for merge patches, where it would be the whole document. */
function emptyPatch(type: OtherPatchType): unknown {
  return type === "strategic" ? {} : null
}

function mismatchOf(type: OtherPatchType, value: unknown): string | undefined {
  const cannot = (found: unknown, goType: string) =>
    `json: cannot unmarshal ${jsonType(found)} into Go value of type ${goType}`
  if (value === null) return undefined
  if (type !== "json") return isRecord(value) ? undefined : cannot(value, goTypes[type])
  if (!Array.isArray(value)) return cannot(value, goTypes.json)
  const odd = value.find((each) => each !== null && !isRecord(each))
  return odd === undefined ? undefined : cannot(odd, "handlers.jsonPatchOp")
}

const operationMembers: ReadonlySet<string> = new Set(["op", "path", "from", "value"])

function unknownMembers(operations: unknown): string[] {
  return ((operations as (JsonRecord | null)[] | null) ?? []).flatMap((operation, index) =>
    Object.keys(operation ?? {})
      .filter((name) => !operationMembers.has(name))
      .map((name) => `unknown field ${quote(`[${index}].${name}`)}`),
  )
}
