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

export function decodeContinue(token: string): ContinuePoint {
  const parsed = parseToken(token)
  const { v, rv, start } = parsed
  if (v !== "meta.k8s.io/v1") {
    throw badRequest(
      `continue key is not valid: server does not recognize this encoded version ${JSON.stringify(v ?? "")}`,
    )
  }
  if (typeof start !== "string" || start === "")
    throw badRequest("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")
  if (typeof rv !== "number" || rv === 0)
    throw badRequest(
      "continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
    )
  // Keys have no "." and ".." between slashes; a token that does was not made here.
  if (start.split("/").some((part) => part === "." || part === "..")) {
    throw badRequest(`continue key is not valid: ${start}`)
  }
  return { revision: rv, after: start.endsWith("\0") ? start.slice(0, -1) : start }
}

function parseToken(token: string): { v?: unknown; rv?: unknown; start?: unknown } {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(fromBase64Url(token)))
  } catch (error) {
    throw badRequest(`continue key is not valid: ${(error as Error).message}`)
  }
  if (typeof value !== "object" || value === null)
    throw badRequest("continue key is not valid: not an object")
  return value
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = ""
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) =>
    character.charCodeAt(0),
  )
}
