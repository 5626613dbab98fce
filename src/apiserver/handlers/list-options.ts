import {
  type FieldError,
  forbiddenValue,
  formatFieldError,
  invalid,
  invalidValue,
  unsupportedValue,
} from "../../apimachinery/field-error.ts"
import { StatusError } from "../../apimachinery/status-error.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"
import { quote } from "../../base/quote.ts"
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
  const complete = isWatch ? withInitialEvents(options) : options
  const errors = isWatch ? watchErrors(complete) : listErrors(complete)
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors)
  return complete
}

/** Watches of before there were initial events to ask for get them when they name no version, or 0. */
function withInitialEvents(options: ListOptions): ListOptions {
  const { sendInitialEvents, resourceVersionMatch, resourceVersion } = options
  const hasAsked = sendInitialEvents !== undefined || resourceVersionMatch !== ""
  const startsInPast = resourceVersion !== "" && resourceVersion !== "0"
  if (hasAsked || startsInPast) return options
  return { ...options, sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" }
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

function watchErrors(options: ListOptions): FieldError[] {
  const { resourceVersionMatch: match, sendInitialEvents, continueToken } = options
  const forbidden = (text: string) => forbiddenValue("resourceVersionMatch", text)
  const errors: FieldError[] = []
  if (sendInitialEvents !== undefined && match !== "NotOlderThan") {
    errors.push(forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
  }
  if (match === "") return errors
  if (sendInitialEvents === undefined) {
    errors.push(forbidden("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
  }
  if (match !== "NotOlderThan") {
    errors.push(unsupportedValue("resourceVersionMatch", match, ["NotOlderThan"]))
  }
  if (continueToken !== "") {
    errors.push(forbidden("resourceVersionMatch is forbidden when continue is provided"))
  }
  return errors
}

/** A whole number of the query; undefined when it is not there. Throws StatusError for what is none. */
export function parseInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`)
  const value = BigInt(text)
  if (BigInt.asIntN(64, value) !== value) {
    throw badRequest(`strconv.ParseInt: parsing ${quote(text)}: value out of range`)
  }
  return Number(value)
}

/**
 * A resourceVersion of the query.
 *
 * @param refuse makes the failure of what is no number. By default it is that of upstream's storage, passed on as it is.
 */
export function parseRevision(
  text: string,
  refuse: (why: FieldError) => StatusError = complainOfStorage,
): number {
  const isNumber = /^\d+$/.test(text)
  if (isNumber && BigInt(text) === BigInt.asUintN(64, BigInt(text))) return Number(text)
  const why = isNumber ? "value out of range" : "invalid syntax"
  throw refuse(invalidValue("resourceVersion", text, `strconv.ParseUint: parsing ${quote(text)}: ${why}`))
}

function complainOfStorage(why: FieldError): StatusError {
  return new StatusError("Unknown", formatFieldError(why), { code: 500 })
}
