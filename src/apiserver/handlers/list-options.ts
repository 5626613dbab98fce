import { type FieldError, forbiddenValue, invalid, unsupportedValue } from "../../apimachinery/field-error.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import { isTrue } from "../request-info.ts"

/** The query of a list, a watch or a deletecollection, checked. */
export interface ListOptions {
  readonly labelSelector: string
  readonly fieldSelector: string
  readonly resourceVersion: string
  readonly resourceVersionMatch: string
  readonly limit: number
  readonly continueToken: string
  readonly allowWatchBookmarks: boolean
  readonly sendInitialEvents: boolean | undefined
  readonly timeoutSeconds: number | undefined
}

/** Throws StatusError with upstream's texts. */
export function parseListOptions(query: URLSearchParams, isWatch: boolean): ListOptions {
  const sendInitialEvents = query.get("sendInitialEvents")
  const options: ListOptions = {
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    limit: parseInteger(query, "limit") ?? 0,
    continueToken: query.get("continue") ?? "",
    allowWatchBookmarks: isTrue(query.get("allowWatchBookmarks")),
    sendInitialEvents: sendInitialEvents === null ? undefined : isTrue(sendInitialEvents),
    timeoutSeconds: parseInteger(query, "timeoutSeconds"),
  }
  const errors = isWatch ? watchErrors(options) : listErrors(options)
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors)
  return options
}

function listErrors(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, resourceVersion, continueToken, sendInitialEvents } = options
  const errors: FieldError[] = []
  if (match !== "") {
    if (resourceVersion === "") {
      errors.push(
        forbiddenValue(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
      )
    }
    if (continueToken !== "") {
      errors.push(
        forbiddenValue("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"),
      )
    }
    if (match !== "Exact" && match !== "NotOlderThan") {
      errors.push(unsupportedValue("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]))
    }
    if (match === "Exact" && resourceVersion === "0") {
      errors.push(
        forbiddenValue(
          "resourceVersionMatch",
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      )
    }
  }
  if (sendInitialEvents !== undefined) {
    errors.push(forbiddenValue("sendInitialEvents", "sendInitialEvents is forbidden for list"))
  }
  return errors
}

function watchErrors({ resourceVersionMatch: match, sendInitialEvents }: ListOptions): FieldError[] {
  const errors: FieldError[] = []
  if (sendInitialEvents !== undefined) {
    if (match === "") {
      errors.push(
        forbiddenValue(
          "resourceVersionMatch",
          "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
      )
    } else if (match !== "NotOlderThan") {
      errors.push(unsupportedValue("resourceVersionMatch", match, ["NotOlderThan"]))
    }
  } else if (match !== "") {
    errors.push(
      forbiddenValue(
        "resourceVersionMatch",
        "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
      ),
    )
  }
  return errors
}

function parseInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === "") return undefined
  if (!/^-?\d+$/.test(text)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Number(text)
}

/** A revision of the query; throws upstream's refusal of what is no number. */
export function parseRevision(text: string): number {
  if (/^\d+$/.test(text)) {
    const revision = Number(text)
    if (Number.isSafeInteger(revision)) return revision
  }
  const why = `invalid resource version "${text}": strconv.ParseUint: parsing "${text}": invalid syntax`
  throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", [
    {
      type: "FieldValueInvalid",
      field: "resourceVersion",
      badValue: text,
      detail: why.slice(why.indexOf("strconv")),
    },
  ])
}
