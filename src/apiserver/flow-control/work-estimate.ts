import type { RequestInfo } from "../request-info.ts"

/**
 * How much of a server a request takes, told before it runs. One seat is about what a small request takes; a list takes
 * one for each 100 kB that it brings into memory, and a write takes more after its answer, when many watch and each has to
 * be told (https://kubernetes.io/docs/concepts/cluster-administration/flow-control/#seats-occupied-by-a-request).
 */
export interface WorkEstimate {
  /** Taken while the request runs. */
  readonly initialSeats: number
  /** Taken for `additionalMs` after its answer. */
  readonly finalSeats: number
  readonly additionalMs: number
}

/** What is known of the objects that a request is about. */
export interface ResourceFigures {
  readonly count: number
  /** Of all of them, as they are stored. */
  readonly bytes: number
  /** Of a write: watches that are told of it. */
  readonly watchers: number
}

const bytesPerSeat = 100_000
/** What comes from memory is written in pieces: more than this is never there at once. */
const memoryOfCachedList = 1_000_000
const maxListSeats = 100
const maxWriteSeats = 10
const watchersPerSeat = 10
/** So long a seat's worth of watchers takes to be told of one change. */
const eventMs = 5

const single: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalMs: 0 }
const writes = new Set(["create", "update", "patch", "delete"])

export const isWrite = ({ verb }: RequestInfo): boolean => writes.has(verb)

/** The seats of one request over both its phases: what it has to get before it may run. */
export function maxSeats({ initialSeats, finalSeats }: WorkEstimate): number {
  return Math.max(initialSeats, finalSeats)
}

/** How long a request is thought to take until it is answered. */
export const usualSeconds = 0.003

/** Seats times seconds, both phases. */
export function totalWork({ initialSeats, finalSeats, additionalMs }: WorkEstimate): number {
  return initialSeats * usualSeconds + (finalSeats * additionalMs) / 1000
}

/**
 * @param figures undefined: the resource is unknown, or another server has it
 * @param maxOfLevel more seats a request of this priority level never takes; 0: only the limits for all levels hold
 */
export function estimateWork(
  info: RequestInfo,
  query: URLSearchParams,
  figures: ResourceFigures | undefined,
  maxOfLevel: number,
): WorkEstimate {
  if (!figures || !info.isResource) return single
  if (info.verb === "list" || info.verb === "watch") return estimateList(info, query, figures, maxOfLevel)
  return isWrite(info) ? estimateWrite(info, figures, maxOfLevel) : single
}

/** A watch costs what a list costs if it begins with all there is. */
function estimateList(
  info: RequestInfo,
  query: URLSearchParams,
  figures: ResourceFigures,
  maxOfLevel: number,
): WorkEstimate {
  const most = maxOfLevel === 0 ? maxListSeats : Math.min(maxOfLevel, maxListSeats)
  if (info.verb === "watch" && !beginsWithAll(query)) return single
  if (info.name !== "" || figures.count === 0) return single
  const limit = Number(query.get("limit") ?? 0)
  // It is going to be refused; until then nobody knows what it takes.
  if (!Number.isInteger(limit)) return { ...single, initialSeats: most }
  const isCached = info.verb === "watch" || !comesFromStore(query, limit)
  const taken = limit > 0 ? Math.min(limit, figures.count) : figures.count
  const selects = query.get("labelSelector") || query.get("fieldSelector")
  const loaded = !isCached && selects ? Math.max(taken, Math.floor(figures.count / 2)) : taken
  const bytes = (loaded * figures.bytes) / figures.count
  const atOnce = isCached ? Math.min(bytes, memoryOfCachedList) : bytes
  return { ...single, initialSeats: Math.min(Math.max(1, Math.ceil(atOnce / bytesPerSeat)), most) }
}

function beginsWithAll(query: URLSearchParams): boolean {
  const version = query.get("resourceVersion") ?? ""
  return query.get("sendInitialEvents") === "true" || version === "" || version === "0"
}

/** Pages after the first, and lists of one version that has passed. */
function comesFromStore(query: URLSearchParams, limit: number): boolean {
  if (query.get("continue")) return true
  const match = query.get("resourceVersionMatch") ?? ""
  if (match !== "") return match !== "NotOlderThan"
  const version = query.get("resourceVersion") ?? ""
  return limit > 0 && version !== "" && version !== "0"
}

function estimateWrite(info: RequestInfo, { watchers }: ResourceFigures, maxOfLevel: number): WorkEstimate {
  // Nobody is told of a token.
  if (info.subresource === "token" && info.resource === "serviceaccounts") return single
  if (watchers < watchersPerSeat) return single
  const most = maxOfLevel === 0 ? maxWriteSeats : Math.min(maxOfLevel, maxWriteSeats)
  const wanted = Math.ceil(watchers / watchersPerSeat)
  // Narrower and longer, so that nobody has to wait until very many seats are free at once.
  const finalSeats = Math.min(wanted, most)
  return { initialSeats: 1, finalSeats, additionalMs: (wanted * eventMs) / finalSeats }
}
