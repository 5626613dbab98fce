import type { JsonSchema } from "./definitions.ts"

/** A parameter without its place in a dialect. */
export interface Parameter {
  readonly name: string
  readonly in: "query" | "path"
  readonly type: "string" | "integer" | "boolean"
  readonly description: string
}

function query(name: string, description: string, type: Parameter["type"] = "string"): Parameter {
  return { name, in: "query", type, description }
}

function path(name: string, description: string): Parameter {
  return { name, in: "path", type: "string", description }
}

const pretty = query("pretty", "Whether the answer is indented.")
const dryRun = query("dryRun", '"All": do everything but store the result.')
const fieldManager = query("fieldManager", "Who makes the change, for managedFields.")
const fieldValidation = query(
  "fieldValidation",
  "What happens to unknown and duplicate fields: Ignore, Warn or Strict.",
)
const force = query("force", "Take fields over from other managers. Only for apply.", "boolean")
const labelSelector = query("labelSelector", "Only objects whose labels match.")
const fieldSelector = query("fieldSelector", "Only objects whose fields match.")
const limit = query("limit", "The most objects in one answer.", "integer")
const continueToken = query("continue", "Where the last answer ended.")
const resourceVersion = query("resourceVersion", "How fresh the answer must be.")
const resourceVersionMatch = query(
  "resourceVersionMatch",
  "How resourceVersion is meant: Exact or NotOlderThan.",
)
const sendInitialEvents = query("sendInitialEvents", "Begin a watch with what is there.", "boolean")
const timeoutSeconds = query("timeoutSeconds", "When a list or watch ends at the latest.", "integer")
const allowWatchBookmarks = query("allowWatchBookmarks", "Whether a watch may contain bookmarks.", "boolean")
const watch = query("watch", "Send changes as they come instead of a list.", "boolean")
const gracePeriodSeconds = query("gracePeriodSeconds", "How long the object has to end.", "integer")
const orphanDependents = query("orphanDependents", "Deprecated: use propagationPolicy.", "boolean")
const propagationPolicy = query(
  "propagationPolicy",
  "What happens to dependents: Orphan, Background or Foreground.",
)

export const namespacePath = path("namespace", "The object's namespace.")
export const namePath = (kind: string) => path("name", `Name of the ${kind}.`)
export const proxyPath = path("path", "What is asked for behind the proxy.")

export const commonParameters: readonly Parameter[] = [pretty]

const deletion = [dryRun, gracePeriodSeconds, orphanDependents, propagationPolicy]
const selection = [
  fieldSelector,
  labelSelector,
  limit,
  resourceVersion,
  resourceVersionMatch,
  sendInitialEvents,
]

/** By what an operation does. */
export const actionParameters: Readonly<Record<string, readonly Parameter[]>> = {
  get: [],
  list: [allowWatchBookmarks, continueToken, ...selection, timeoutSeconds, watch],
  post: [dryRun, fieldManager, fieldValidation],
  put: [dryRun, fieldManager, fieldValidation],
  patch: [dryRun, fieldManager, fieldValidation, force],
  delete: deletion,
  deletecollection: [continueToken, ...deletion, ...selection, timeoutSeconds],
  connect: [],
}

export function schemaOfParameter({ type }: Parameter): JsonSchema {
  return { type, uniqueItems: true }
}
