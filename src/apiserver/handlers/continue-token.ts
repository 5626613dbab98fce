import { parseJson } from "../../apimachinery/codec/json.ts"
import type { StatusError } from "../../apimachinery/status-error.ts"
import { badRequest } from "../../apimachinery/status-errors.ts"

/** Where the next page of a list begins, in upstream's form. */
export interface ContinuePoint {
  /** -1: as things are when the next page is read. */
  readonly revision: number
  /** The last key that was given. */
  readonly after: string
}

export function encodeContinue(revision: number, after: string): string {
  const text = JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${after}\0` })
  return toBase64Url(new TextEncoder().encode(text))
}

/** Throws StatusError BadRequest for what was not made here. */
export function decodeContinue(token: string): ContinuePoint {
  const { v, rv, start } = parseToken(token)
  if (v !== "meta.k8s.io/v1") {
    throw notValid(`: server does not recognize this encoded version ${typeof v === "string" ? v : ""}`)
  }
  if (typeof rv !== "number" || rv === 0) {
    throw notValid(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
  }
  if (typeof start !== "string" || start === "") {
    throw notValid(": encoded start key empty (version meta.k8s.io/v1)")
  }
  // Keys have no "." and ".." between slashes, nor nothing at all.
  if (start.split("/").some((part) => part === "" || part === "." || part === "..")) {
    throw notValid(`: ${start}`)
  }
  return { revision: rv, after: start.endsWith("\0") ? start.slice(0, -1) : start }
}

function notValid(why: string): StatusError {
  return badRequest(`invalid continue token: continue key is not valid${why}`)
}

function parseToken(token: string): { v?: unknown; rv?: unknown; start?: unknown } {
  const illegal = token.search(/[^A-Za-z0-9_-]/)
  if (illegal >= 0 || token.length % 4 === 1) {
    const at = illegal >= 0 ? illegal : token.length - 1
    throw notValid(`: illegal base64 data at input byte ${at}`)
  }
  let value: unknown
  try {
    // Byte by byte: what is no token is told as it is, and keys are ASCII.
    value = parseJson(atob(token.replaceAll("-", "+").replaceAll("_", "/")))
  } catch (error) {
    throw notValid(`: ${(error as Error).message}`)
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw notValid(": json: cannot unmarshal into Go value of type storage.continueToken")
  }
  return value
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}
