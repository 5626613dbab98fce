import { isStatusError, type StatusError } from "../apimachinery/status-error.ts"

/** Nothing can be created in a namespace that is going away, and nothing needs to be. */
export function isNamespaceTerminating(error: unknown): error is StatusError {
  return (
    isStatusError(error, "Forbidden") &&
    error.details?.causes?.some((cause) => cause.reason === "NamespaceTerminating") === true
  )
}
