import { invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import {
  configMapKeyProblems,
  dnsSubdomainName,
  relaxedEnvironmentVariableProblems,
} from "../../../apimachinery/names.ts"
import { dnsLabel, dnsSubdomain, type Errors, problems, required } from "../../validation/checks.ts"
import { noBacksteps } from "../../validation/paths.ts"
import type { EnvFromSource, EnvVar, EnvVarSource, FileKeySelector } from "../v1/env-var.ts"
import { validateFieldReference, validateResourceReference } from "./field-references.ts"

const envFields = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
]

export function* validateEnv(variables: readonly EnvVar[], path: FieldPath): Errors {
  for (const [index, { name, value, valueFrom }] of variables.entries()) {
    const at = path.index(index)
    if (!name) yield requiredValue(at.child("name"))
    else yield* problems(name, at.child("name"), relaxedEnvironmentVariableProblems(name))
    if (valueFrom) yield* validateValueFrom(valueFrom, value ?? "", at.child("valueFrom"))
  }
}

function* validateValueFrom(source: EnvVarSource, value: string, path: FieldPath): Errors {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source
  if (fieldRef) yield* validateFieldReference(fieldRef, envFields, path.child("fieldRef"))
  if (resourceFieldRef) {
    yield* validateResourceReference(resourceFieldRef, false, path.child("resourceFieldRef"))
  }
  if (configMapKeyRef) yield* keySelector(configMapKeyRef, path.child("configMapKeyRef"))
  if (secretKeyRef) yield* keySelector(secretKeyRef, path.child("secretKeyRef"))
  if (fileKeyRef) yield* fileKeySelector(fileKeyRef, path.child("fileKeyRef"))

  const sources = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef]
  const count = sources.filter((each) => each !== undefined).length
  if (count === 0) {
    const detail =
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
    yield invalidValue(path, "", detail)
  } else if (value !== "") yield invalidValue(path, "", "may not be specified when `value` is not empty")
  else if (count > 1) yield invalidValue(path, "", "may not have more than one field specified at a time")
}

/** A key of a ConfigMap or Secret. */
function* keySelector(
  { name = "", key }: { name?: string | undefined; key: string },
  path: FieldPath,
): Errors {
  yield* dnsSubdomain(name, path.child("name"))
  if (!key) yield requiredValue(path.child("key"))
  else yield* problems(key, path.child("key"), configMapKeyProblems(key))
}

function* fileKeySelector({ key, volumeName, path: target }: FileKeySelector, path: FieldPath): Errors {
  if (!key) yield requiredValue(path.child("key"))
  else yield* problems(key, path.child("key"), relaxedEnvironmentVariableProblems(key))
  if (!volumeName) yield requiredValue(path.child("volumeName"))
  else yield* dnsLabel(volumeName, path.child("volumeName"))
  if (!target) yield requiredValue(path.child("path"))
  else yield* noBacksteps(target, path.child("path"))
}

export function* validateEnvFrom(sources: readonly EnvFromSource[], path: FieldPath): Errors {
  for (const [index, { prefix, configMapRef, secretRef }] of sources.entries()) {
    const at = path.index(index)
    if (prefix) yield* problems(prefix, at.child("prefix"), relaxedEnvironmentVariableProblems(prefix))
    if (configMapRef) yield* objectName(configMapRef.name, at.child("configMapRef", "name"))
    if (secretRef) yield* objectName(secretRef.name, at.child("secretRef", "name"))
    if (!configMapRef && !secretRef) {
      yield invalidValue(path, "", "must specify one of: `configMapRef` or `secretRef`")
    } else if (configMapRef && secretRef) {
      yield invalidValue(path, "", "may not have more than one field specified at a time")
    }
  }
}

function* objectName(name: string | undefined, path: FieldPath): Errors {
  yield* required(name, path)
  if (name) yield* problems(name, path, dnsSubdomainName(name, true))
}
