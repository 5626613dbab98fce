import { invalidValue, duplicateValue, requiredValue } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import {
  dns1035LabelProblems,
  dnsSubdomainProblems,
  mustNotBeEmpty,
  type NameRule,
} from "../../../apimachinery/names.ts"
import { dnsSubdomain, type Errors, qualifiedName } from "../../validation/checks.ts"
import type {
  ServerStorageVersion,
  StorageVersion,
  StorageVersionCondition,
  StorageVersionStatus,
} from "../v1alpha1/storage-version.ts"

const path = fieldPath("status")

/** "apps.deployments": a group and one of its resources. */
export const storageVersionName: NameRule = (name) => {
  const dot = name.lastIndexOf(".")
  if (dot < 0) return ["name must be in the form of <group>.<resource>"]
  return [
    ...dnsSubdomainProblems(name.slice(0, dot)).map((problem) => `the group segment ${problem}`),
    ...dns1035LabelProblems(name.slice(dot + 1)).map((problem) => `the resource segment ${problem}`),
  ]
}

export function* validateStorageVersionStatus({ status }: StorageVersion): Errors {
  const servers = new Set<string>()
  for (const [index, server] of (status.storageVersions ?? []).entries()) {
    const at = path.child("storageVersions").index(index)
    const { apiServerID = "" } = server
    if (servers.has(apiServerID)) yield duplicateValue(at.child("apiServerID"), apiServerID)
    servers.add(apiServerID)
    yield* serverVersions(server, at)
  }
  yield* commonVersion(status)
  yield* conditions(status.conditions ?? [])
}

function* serverVersions(server: ServerStorageVersion, at: FieldPath): Errors {
  const { apiServerID = "", encodingVersion = "", servedVersions = [] } = server
  const decodable = server.decodableVersions ?? []
  yield* dnsSubdomain(apiServerID, at.child("apiServerID"))
  yield* apiVersion(encodingVersion, at.child("encodingVersion"))
  const decodablePath = at.child("decodableVersions")
  for (const [index, version] of decodable.entries()) yield* apiVersion(version, decodablePath.index(index))
  if (!decodable.includes(encodingVersion)) {
    const detail = `decodableVersions must include encodingVersion ${encodingVersion}`
    yield invalidValue(decodablePath, server.decodableVersions ?? null, detail)
  }
  for (const [index, version] of servedVersions.entries()) {
    const servedPath = at.child("servedVersions").index(index)
    yield* apiVersion(version, servedPath)
    if (decodable.includes(version)) continue
    const known = `[${decodable.join(" ")}]`
    const detail = `individual served version : ${version} must be included in decodableVersions : ${known}`
    yield invalidValue(servedPath, version, detail)
  }
}

/** What all servers write is told exactly where they all write the same. */
function* commonVersion({ storageVersions = [], commonEncodingVersion: told }: StorageVersionStatus): Errors {
  const at = path.child("commonEncodingVersion")
  const written = new Set(storageVersions.map(({ encodingVersion = "" }) => encodingVersion))
  const [common] = written
  if (common === undefined || written.size > 1) {
    const detail =
      "should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet"
    if (told !== undefined) yield invalidValue(at, told, detail)
  } else if (told === undefined) yield invalidValue(at, null, `the common encoding version is ${common}`)
  else if (told !== common) yield invalidValue(at, told, `the actual common encoding version is ${common}`)
}

function* conditions(list: readonly StorageVersionCondition[]): Errors {
  const seen = new Map<string, number>()
  for (const [index, { type, status, reason, message }] of list.entries()) {
    // Upstream leaves "conditions" out of the path.
    const at = path.index(index)
    const first = seen.get(type)
    if (first !== undefined) {
      const detail = `the type of the condition is not unique, it also appears in conditions[${first}]`
      yield invalidValue(at.child("type"), type, detail)
    }
    seen.set(type, index)
    yield* qualifiedName(type, at.child("type"))
    yield* qualifiedName(status, at.child("status"))
    if (!reason) yield requiredValue(at.child("reason"))
    if (!message) yield requiredValue(at.child("message"))
  }
}

function* apiVersion(text: string, at: FieldPath): Errors {
  const problems = apiVersionProblems(text)
  if (problems.length > 0) yield invalidValue(at, text, problems.join(","))
}

function apiVersionProblems(text: string): string[] {
  const parts = text.split("/")
  if (parts.length > 2) {
    return [
      "an apiVersion is a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')",
    ]
  }
  const version = parts.at(-1)!
  const group = parts.length === 2 ? parts[0]! : undefined
  const ofGroup = group === undefined ? [] : group ? dnsSubdomainProblems(group) : [mustNotBeEmpty]
  const ofVersion = version ? dns1035LabelProblems(version) : [mustNotBeEmpty]
  return [
    ...ofGroup.map((problem) => `group part: ${problem}`),
    ...ofVersion.map((problem) => `version part: ${problem}`),
  ]
}
