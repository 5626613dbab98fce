import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { builtInResources } from "../index.ts"
import type { JsonSchema } from "./definitions.ts"
import { openApiV2 } from "./v2.ts"

// Upstream's own document of release 1.36 is the measure: types, formats, required fields, references, list keys, merge
// keys, paths, operations and answers. Texts differ, since they are not ours to copy.

const file = fileURLToPath(
  new URL("../../../../shared/reference/openapi-v2-release-1.36.json", import.meta.url),
)
const isHere = existsSync(file)
if (!isHere)
  console.log("skipped: the reference document shared/reference/openapi-v2-release-1.36.json is absent")

interface Document {
  readonly definitions: Record<string, JsonSchema>
  readonly paths: Record<string, Record<string, JsonSchema>>
}

const orSuffixes = ["JSONSchemaPropsOrArray", "JSONSchemaPropsOrBool", "JSONSchemaPropsOrStringArray"]

describe.skipIf(!isHere)("the OpenAPI document beside upstream's", () => {
  const ours = openApiV2(builtInResources) as unknown as Document
  const theirs = isHere ? (JSON.parse(readFileSync(file, "utf8")) as Document) : ours

  it("has the same definitions", () => {
    const known = new Set(["version.Info", ...orSuffixes])
    const missing = Object.keys(theirs.definitions).filter(
      (name) => !(name in ours.definitions) && ![...known].some((suffix) => name.endsWith(suffix)),
    )
    expect(missing).toEqual([])
    expect(Object.keys(ours.definitions).filter((name) => !(name in theirs.definitions))).toEqual([])
  })

  it("gives definitions the same structure", () => {
    const differences = Object.keys(ours.definitions).flatMap((name) =>
      differencesOf(theirs.definitions[name], ours.definitions[name], name),
    )
    expect(differences).toEqual([])
  })

  it("has the same paths and operations", () => {
    const differences: string[] = []
    for (const [path, methods] of Object.entries(theirs.paths)) {
      if (path.includes("/watch/") || isApart(path)) continue
      for (const [method, operation] of Object.entries(methods)) {
        if (method === "parameters") continue
        for (const keyword of operationKeywords) {
          const at = `${path} ${method} ${keyword}`
          differences.push(...differencesOf(operation[keyword], ours.paths[path]?.[method]?.[keyword], at))
        }
      }
    }
    expect(differences).toEqual([])
  })
})

const operationKeywords = [
  "operationId",
  "tags",
  "x-kubernetes-action",
  "x-kubernetes-group-version-kind",
  "responses",
]

/** Served elsewhere than by the API of resources. */
function isApart(path: string): boolean {
  return ["/logs/", "/version/", "/openid/", "/.well-known/"].some((prefix) => path.startsWith(prefix))
}

/** What is said differently on purpose, or means the same. */
function isKnown(path: string, theirs: unknown, ours: unknown): boolean {
  const keyword = path.slice(path.lastIndexOf("/") + 1)
  if (keyword === "x-kubernetes-list-type") return (theirs ?? "atomic") === (ours ?? "atomic")
  // "granular" is what holds if nothing is said; one alpha version forgot its "atomic".
  if (keyword === "x-kubernetes-map-type") return theirs === "granular" || path.includes("v1alpha1.Variable/")
  // Upstream's document leaves out defaults and enums, a running server shows enums; nobody reads unions.
  if (["default", "enum", "description", "x-kubernetes-unions"].includes(keyword)) return true
  if (/\.(DeleteOptions|WatchEvent)\/x-kubernetes-group-version-kind$/.test(path)) return true
  return typeof theirs === "string" && orSuffixes.some((suffix) => theirs.endsWith(suffix))
}

function differencesOf(theirs: unknown, ours: unknown, path: string): string[] {
  if (isKnown(path, theirs, ours)) return []
  if (isObject(theirs) && isObject(ours)) {
    const keys = new Set([...Object.keys(theirs), ...Object.keys(ours)])
    return [...keys].flatMap((key) => differencesOf(theirs[key], ours[key], `${path}/${key}`))
  }
  return JSON.stringify(theirs) === JSON.stringify(ours)
    ? []
    : [`${path}: theirs ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}`]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
