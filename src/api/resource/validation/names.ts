import { invalidValue, requiredValue, tooLong } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { identifierProblems } from "../../../apimachinery/names.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { csiDriverName, dnsSubdomain, type Errors, problems } from "../../validation/checks.ts"

/** Drivers of devices are named as those of storage are. */
export const driverName = csiDriverName

const maxPoolBytes = 253
const maxIdentifierBytes = 32

/** Subdomains with slashes between them. */
export function* poolName(name: string, path: FieldPath): Errors {
  if (!name) {
    yield requiredValue(path)
    return
  }
  if (utf8Length(name) > maxPoolBytes) yield tooLong(path, maxPoolBytes)
  for (const part of name.split("/")) yield* dnsSubdomain(part, path)
}

function* identifier(name: string, path: FieldPath): Errors {
  if (utf8Length(name) > maxIdentifierBytes) yield tooLong(path, maxIdentifierBytes)
  yield* problems(name, path, identifierProblems(name))
}

/** "model" or "gpu.example.com/model" */
export function* attributeName(name: string, path: FieldPath): Errors {
  const [domain = "", rest, ...more] = name.split("/")
  // Upstream lets more than one slash pass.
  if (more.length > 0) return
  if (rest === undefined) {
    yield* identifier(domain, path)
    return
  }
  if (domain) yield* driverName(domain, path)
  else yield invalidValue(path, "", "the domain must not be empty")
  if (rest) yield* identifier(rest, path)
  else yield invalidValue(path, "", "the name must not be empty")
}

export function* fullAttributeName(name: string, path: FieldPath): Errors {
  yield* attributeName(name, path)
  if (!name.includes("/")) {
    yield invalidValue(path, name, "a fully qualified name must be a domain and a name separated by a slash")
  }
}

const uidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function* shareId(uid: string | undefined, path: FieldPath): Errors {
  if (uid === undefined || uidForm.test(uid)) return
  if (uidForm.test(uid.toLowerCase())) {
    const detail =
      "uid must be in RFC 4122 normalized form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters"
    yield invalidValue(path, uid, detail)
    return
  }
  const problem = utf8Length(uid) === 36 ? "invalid UUID format" : `invalid UUID length: ${utf8Length(uid)}`
  yield invalidValue(path, uid, `error validating uid: ${problem}`)
}
