import { forbiddenValue, invalidValue, requiredValue, tooLong } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import { configMapKeyProblems } from "../../../apimachinery/names.ts"
import { decodeBase64 } from "../../../base/base64.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { type Errors, immutable, problems } from "../../validation/checks.ts"
import { semanticEqual } from "../../validation/semantic-equal.ts"
import type { ConfigMap } from "../v1/config-map.ts"
import type { Secret } from "../v1/secret.ts"

const maxBytes = 1024 * 1024
const path = fieldPath("data")

export function* validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): Errors {
  const binaryPath = fieldPath("binaryData")
  let size = 0
  for (const [key, value] of Object.entries(data)) {
    yield* problems(key, path.key(key), configMapKeyProblems(key))
    if (key in binaryData) yield invalidValue(path.key(key), key, "duplicate of key present in binaryData")
    size += utf8Length(value)
  }
  for (const [key, value] of Object.entries(binaryData)) {
    yield* problems(key, binaryPath.key(key), configMapKeyProblems(key))
    size += byteLength(value)
  }
  if (size > maxBytes) yield tooLong("[]", maxBytes)
}

export function* validateConfigMapUpdate(configMap: ConfigMap, old: ConfigMap): Errors {
  yield* frozen(configMap, old, ["data", "binaryData"])
  yield* validateConfigMap(configMap)
}

/** How many bytes a base64 text stands for. */
function byteLength(base64: string): number {
  return (base64.length / 4) * 3 - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0)
}

type Freezable = Pick<Secret & ConfigMap, "immutable" | "data" | "binaryData">

/** Once its owner has said that it will not change, it does not, and kubelets need not watch it. */
function* frozen(
  object: Partial<Freezable>,
  old: Partial<Freezable>,
  fields: readonly (keyof Freezable)[],
): Errors {
  if (!old.immutable) return
  const detail = "field is immutable when `immutable` is set"
  if (!object.immutable) yield forbiddenValue(fieldPath("immutable"), detail)
  for (const name of fields) {
    if (!semanticEqual(object[name] ?? {}, old[name] ?? {})) yield forbiddenValue(fieldPath(name), detail)
  }
}

export function* validateSecret(secret: Secret): Errors {
  const { data = {} } = secret
  let size = 0
  for (const [key, value] of Object.entries(data)) {
    yield* problems(key, path.key(key), configMapKeyProblems(key))
    size += byteLength(value)
  }
  if (size > maxBytes) yield tooLong(path, maxBytes)
  yield* byType(secret, data)
}

export function* validateSecretUpdate(secret: Secret, old: Secret): Errors {
  yield* immutable(secret.type, old.type, fieldPath("type"))
  yield* frozen(secret, old, ["data"])
  yield* validateSecret(secret)
}

type Data = Readonly<Record<string, string>>

/** What Secrets of the known types must hold (https://kubernetes.io/docs/concepts/configuration/secret/#secret-types). */
function* byType({ type, metadata }: Secret, data: Data): Errors {
  switch (type) {
    case "kubernetes.io/service-account-token": {
      const key = "kubernetes.io/service-account.name"
      if (!metadata.annotations?.[key]) yield requiredValue(fieldPath("metadata", "annotations").key(key))
      return
    }
    case "kubernetes.io/dockercfg":
      yield* jsonObject(data, ".dockercfg")
      return
    case "kubernetes.io/dockerconfigjson":
      yield* jsonObject(data, ".dockerconfigjson")
      return
    case "kubernetes.io/basic-auth":
      if (!("username" in data) && !("password" in data)) yield* missing(data, ["username", "password"])
      return
    case "kubernetes.io/ssh-auth":
      if (!data["ssh-privatekey"]) yield requiredValue(path.key("ssh-privatekey"))
      return
    case "kubernetes.io/tls":
      yield* missing(data, ["tls.crt", "tls.key"])
  }
}

function* missing(data: Data, keys: readonly string[]): Errors {
  for (const key of keys) if (!(key in data)) yield requiredValue(path.key(key))
}

const utf8 = new TextDecoder()

function* jsonObject(data: Data, key: string): Errors {
  const encoded = data[key]
  if (encoded === undefined) {
    yield requiredValue(path.key(key))
    return
  }
  const problem = jsonProblem(utf8.decode(decodeBase64(encoded)))
  if (problem) yield invalidValue(path.key(key), "<secret contents redacted>", problem)
}

function jsonProblem(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && !Array.isArray(value) ? undefined : "must be a JSON object"
  } catch {
    // The engine's own text would quote the secret.
    return "must be valid JSON"
  }
}
