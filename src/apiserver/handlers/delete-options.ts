import { type FieldError, invalid, invalidValue, unsupportedValue } from "../../apimachinery/field-error.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import type { RequestContext } from "../context.ts"
import { readValue } from "../encoding/decode-body.ts"
import { isTrue } from "../request-info.ts"
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
  const body = await readValue(context)
  const raw = body === undefined ? fromQuery(context.request.query) : fromBody(body)
  return checkDeleteOptions(raw)
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

function fromBody(body: unknown): RawDeleteOptions {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw badRequest("the object provided is unrecognized (must be of type DeleteOptions)")
  }
  const { kind } = body as { kind?: unknown }
  if (kind !== undefined && kind !== "" && kind !== "DeleteOptions") {
    throw badRequest(`${String(kind)} cannot be handled as a DeleteOptions`)
  }
  return body
}

function fromQuery(query: URLSearchParams): RawDeleteOptions {
  const grace = query.get("gracePeriodSeconds")
  const orphan = query.get("orphanDependents")
  const policy = query.get("propagationPolicy")
  if (grace !== null && !/^-?\d+$/.test(grace)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`)
  }
  return {
    dryRun: query.getAll("dryRun"),
    ...(grace !== null && { gracePeriodSeconds: Number(grace) }),
    ...(orphan !== null && { orphanDependents: isTrue(orphan) }),
    ...(policy !== null && { propagationPolicy: policy }),
  }
}
