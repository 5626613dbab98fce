import { encodeJson } from "../codec/json.ts"
import { jsonEqual } from "../json-equal.ts"
import { isRecord, type JsonRecord, setMember } from "../schema-plan.ts"
import { StatusError } from "../status-error.ts"
import { badRequest, requestEntityTooLarge } from "../status-errors.ts"

/**
 * JSON patch, RFC 6902, with the API server's rules: at most 10 000 operations, negative indices count from the end,
 * copies may add up to 3 MB, and whatever does not apply is answered with 422.
 *
 * The document is not changed. What the patch touches is copied once, the rest is shared with the result.
 */
export function applyJsonPatch(document: JsonRecord, patch: unknown): JsonRecord {
  const operations = decodePatch(patch)
  const draft = new Draft(document)
  for (const operation of operations) draft.apply(operation)
  if (!isRecord(draft.root)) throw unprocessable("replace operation value must be object or array")
  return draft.root
}

const maxOperations = 10_000
const maxCopiedBytes = 3 * 1024 * 1024

interface Operation {
  readonly op: string
  readonly path: string
  readonly from: string
  readonly value: unknown
}

function decodePatch(patch: unknown): readonly Operation[] {
  if (patch === null) return []
  if (!Array.isArray(patch)) {
    const found = isRecord(patch) ? "object" : typeof patch === "boolean" ? "bool" : typeof patch
    throw badRequest(`json: cannot unmarshal ${found} into Go value of type jsonpatch.Patch`)
  }
  if (patch.length > maxOperations) {
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    )
  }
  return patch.map(decodeOperation)
}

function decodeOperation(each: unknown): Operation {
  if (each === null) throw unprocessable("Unexpected kind: unknown")
  if (!isRecord(each)) {
    const found = Array.isArray(each) ? "array" : typeof each === "boolean" ? "bool" : typeof each
    throw badRequest(`json: cannot unmarshal ${found} into Go value of type jsonpatch.Operation`)
  }
  const { op, path, from = "", value = null } = each
  if (typeof path !== "string")
    throw unprocessable(`${String(op)} operation failed to decode path: missing value`)
  if (typeof from !== "string")
    throw unprocessable(`${String(op)} operation failed to decode from: missing value`)
  return { op: String(op), path, from, value }
}

// Upstream answers the same sentence for every patch that does not apply; what was wrong goes to the log.
function unprocessable(why: string): StatusError {
  return new StatusError("Invalid", "the server rejected our request due to an error in our request", {
    details: {},
    cause: new Error(why),
  })
}

type Container = JsonRecord | unknown[]

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null

class Draft {
  root: unknown
  /** Containers that this draft has made and may change. */
  readonly #own = new Set<object>()
  #copiedBytes = 0

  constructor(document: JsonRecord) {
    this.root = document
  }

  apply({ op, path, from, value }: Operation): void {
    switch (op) {
      case "add":
        return this.#add(op, path, value)
      case "remove":
        return this.#remove(op, path)
      case "replace":
        return this.#replace(path, value)
      case "move": {
        const moved = this.#get(op, from)
        this.#remove(op, from)
        return this.#add(op, path, moved)
      }
      case "copy":
        return this.#add(op, path, this.#copied(this.#get(op, from)))
      case "test":
        return this.#test(path, value)
      default:
        throw unprocessable(`Unexpected kind: ${op}`)
    }
  }

  #add(op: string, path: string, value: unknown): void {
    const { container, key } = this.#open(op, path)
    if (!Array.isArray(container)) return setMember(container, key, value)
    const index = key === "-" ? container.length : parseIndex(key, container.length + 1)
    if (index > container.length) throw unprocessable(`Unable to access invalid index: ${key}`)
    container.splice(index, 0, value)
  }

  #remove(op: string, path: string): void {
    const { container, key } = this.#open(op, path)
    if (Array.isArray(container)) {
      container.splice(existingIndex(key, container), 1)
      return
    }
    if (!Object.hasOwn(container, key)) throw unprocessable(`Unable to remove nonexistent key: ${key}`)
    delete container[key]
  }

  #replace(path: string, value: unknown): void {
    if (path === "") {
      this.root = value
      return
    }
    const { container, key } = this.#open("replace", path)
    if (Array.isArray(container)) container[existingIndex(key, container)] = value
    // Upstream means to refuse a member that is not there, and does not.
    else setMember(container, key, value)
  }

  #test(path: string, value: unknown): void {
    const found = path === "" ? this.root : this.#get("test", path)
    if (!jsonEqual(found ?? null, value)) throw unprocessable(`testing value ${path} failed`)
  }

  #get(op: string, path: string): unknown {
    const { steps, key } = parsePath(op, path)
    let at: unknown = this.root
    for (const step of [...steps, key]) {
      if (!isContainer(at)) throw missing(op, path)
      at = member(at, step)
    }
    return at
  }

  /** What is copied is shared from now on, by the two places where it stands. */
  #copied(value: unknown): unknown {
    const copy = value ?? null
    this.#copiedBytes += encodeJson(copy).length
    if (this.#copiedBytes > maxCopiedBytes) {
      throw unprocessable(
        `Unable to complete the copy, the accumulated size increase of copy is ${this.#copiedBytes}, exceeding the limit ${maxCopiedBytes}`,
      )
    }
    this.#own.clear()
    return copy
  }

  /** The container that holds the last step of the path, copied all the way down so that it may be changed. */
  #open(op: string, path: string): { container: Container; key: string } {
    const { steps, key } = parsePath(op, path)
    if (!isContainer(this.root)) throw missing(op, path)
    let container = this.#owned(this.root)
    this.root = container
    for (const step of steps) {
      const inner = member(container, step)
      if (!isContainer(inner)) throw missing(op, path)
      const copy = this.#owned(inner)
      if (Array.isArray(container)) container[existingIndex(step, container)] = copy
      else setMember(container, step, copy)
      container = copy
    }
    return { container, key }
  }

  #owned(container: Container): Container {
    if (this.#own.has(container)) return container
    const copy = Array.isArray(container) ? container.slice() : { ...container }
    this.#own.add(copy)
    return copy
  }
}

function parsePath(op: string, path: string): { steps: string[]; key: string } {
  const [before, ...steps] = path.split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
  const key = steps.pop()
  if (before === undefined || key === undefined) throw missing(op, path)
  return { steps, key }
}

function missing(op: string, path: string): StatusError {
  return unprocessable(`${op} operation does not apply: doc is missing path: "${path}": missing value`)
}

function member(container: Container, step: string): unknown {
  if (Array.isArray(container)) return container[existingIndex(step, container)]
  return Object.hasOwn(container, step) ? container[step] : undefined
}

function existingIndex(key: string, array: readonly unknown[]): number {
  const index = parseIndex(key, array.length)
  if (index >= array.length) throw unprocessable(`Unable to access invalid index: ${key}`)
  return index
}

/** `length` is what negative indices count from. */
function parseIndex(key: string, length: number): number {
  if (!/^[+-]?[0-9]{1,15}$/.test(key)) throw unprocessable(`value was not a proper array index: '${key}'`)
  const index = Number(key)
  if (index < -length) throw unprocessable(`Unable to access invalid index: ${key}`)
  return index < 0 ? index + length : index
}
