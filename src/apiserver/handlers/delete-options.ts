import { type FieldError, invalid, invalidValue, unsupportedValue } from "../../apimachinery/field-error.ts"
import { DeleteOptions as DeleteOptionsSchema } from "../../api/meta/v1/delete-options.ts"
import { type KubeObject, parseGroupVersion } from "../../apimachinery/meta.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { bytesBody, decodeBody, inputMedia, readBytes, typeOf } from "../encoding/decode-body.ts"
import { isTrue } from "../request-info.ts"
import { parseInteger } from "./list-options.ts"
import { validateDryRun } from "./write-options.ts"

/** How to delete, checked. */
export interface DeleteOptions {
  readonly dryRun: boolean
  readonly gracePeriodSeconds: number | undefined
  readonly propagationPolicy: string | undefined
  readonly orphanDependents: boolean | undefined
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string } | undefined
}

/** From the body, or from the query when there is none. Throws StatusError with upstream's texts. */
export async function parseDeleteOptions(context: RequestContext): Promise<DeleteOptions> {
  const body = await readBody(context)
  return checkDeleteOptions(body ?? fromQuery(context.request.query))
}

/** The DeleteOptions object as it travels. */
export interface RawDeleteOptions {
  readonly dryRun?: readonly string[]
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: string
  readonly orphanDependents?: boolean
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

export function checkDeleteOptions(raw: RawDeleteOptions): DeleteOptions {
  const { dryRun = [], propagationPolicy, orphanDependents, gracePeriodSeconds, preconditions } = raw
  const errors: FieldError[] = []
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    errors.push(
      invalidValue(
        "propagationPolicy",
        propagationPolicy,
        "orphanDependents and deletionPropagation cannot be both set",
      ),
    )
  }
  if (propagationPolicy !== undefined && !policies.includes(propagationPolicy)) {
    errors.push(unsupportedValue("propagationPolicy", propagationPolicy, [...policies, "nil"]))
  }
  errors.push(...validateDryRun(dryRun))
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", errors)
  return { dryRun: dryRun.length > 0, gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions }
}

const policies = ["Foreground", "Background", "Orphan"]

/** Every group takes DeleteOptions in its own name or in that of "v1"; it is the same thing. */
async function readBody(context: RequestContext): Promise<RawDeleteOptions | undefined> {
  const { body } = context.request
  if (body.kind === "none") return undefined
  const bytes = body.kind === "object" ? undefined : await readBytes(context)
  if (bytes?.length === 0) return undefined
  const { apiVersion } = bytes
    ? typeOf(inputMedia(context), bytes)
    : (body as { value: Partial<KubeObject> }).value
  const { group, version } = parseGroupVersion(
    typeof apiVersion === "string" && apiVersion ? apiVersion : "v1",
  )
  const kind = { group, version, kind: "DeleteOptions", schema: DeleteOptionsSchema }
  const request = bytes ? { ...context.request, body: bytesBody(bytes) } : context.request
  return (await decodeBody(
    { ...context, request },
    kind,
    "Ignore",
    onlyMessage,
  )) as unknown as RawDeleteOptions
}

/** Upstream says no more about options that it cannot read. */
const onlyMessage = ({ message }: Error) => badRequest(message)

function fromQuery(query: URLSearchParams): RawDeleteOptions {
  const grace = parseInteger(query, "gracePeriodSeconds")
  const orphan = query.get("orphanDependents")
  const policy = query.get("propagationPolicy")
  return {
    dryRun: query.getAll("dryRun"),
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    ...(orphan !== null && { orphanDependents: isTrue(orphan) }),
    ...(policy !== null && { propagationPolicy: policy }),
  }
}
