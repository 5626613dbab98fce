import { parseJson } from "../../../apimachinery/codec/json.ts"
import { isRecord, type JsonRecord } from "../../../apimachinery/schema-plan.ts"
import { authenticatedGroup } from "../../authentication/authenticator.ts"

/** One line of a policy file: who may do what. Empty texts name nobody and nothing, "*" all of a kind. */
export interface Policy {
  readonly user: string
  readonly group: string
  /** Only get, list and watch. */
  readonly readonly: boolean
  readonly apiGroup: string
  readonly resource: string
  readonly namespace: string
  readonly nonResourcePath: string
}

const apiVersion = "abac.authorization.kubernetes.io/v1beta1"
const textFields = ["user", "group", "apiGroup", "resource", "namespace", "nonResourcePath"] as const

/**
 * The policies of `--authorization-policy-file`, one JSON object a line; empty lines and such as begin with "#" say nothing
 * (https://kubernetes.io/docs/reference/access-authn-authz/abac/#policy-file-format). Throws Error that names the line.
 */
export function parsePolicyFile(text: string, path: string): Policy[] {
  return text.split("\n").flatMap((line, index) => {
    const trimmed = line.trim()
    if (trimmed === "" || trimmed.startsWith("#")) return []
    try {
      return [parsePolicy(parseJson(trimmed))]
    } catch (error) {
      const why = (error as Error).message
      throw new Error(`error reading policy file ${path}, line ${index + 1}: ${line}: ${why}`, {
        cause: error,
      })
    }
  })
}

function parsePolicy(value: unknown): Policy {
  if (!isRecord(value)) throw new Error("expected a JSON object")
  if (value["apiVersion"] === undefined && value["kind"] === undefined) return unversioned(value)
  if (value["apiVersion"] !== apiVersion || value["kind"] !== "Policy")
    throw new Error(`expected kind Policy of ${apiVersion}`)
  const spec = value["spec"] ?? {}
  if (!isRecord(spec)) throw new Error("spec: expected an object")
  return forEverybody(readFields(spec))
}

/** From before there were versions: what is left out is everything, and any group's. */
function unversioned(value: JsonRecord): Policy {
  const { user, group, readonly, resource, namespace } = readFields(value)
  const isAnything = resource === "" && namespace === ""
  return forEverybody({
    user,
    group: user === "" && group === "" ? "*" : group,
    readonly,
    apiGroup: "*",
    resource: resource || "*",
    namespace: namespace || "*",
    nonResourcePath: isAnything ? "*" : "",
  })
}

/** Whoever has shown who they are; the others are not meant. */
function forEverybody(policy: Policy): Policy {
  const isAll = policy.user === "*" || policy.group === "*"
  return isAll ? { ...policy, user: "", group: authenticatedGroup } : policy
}

function readFields(fields: JsonRecord): Policy {
  const { readonly = false } = fields
  if (typeof readonly !== "boolean") throw new Error("readonly: expected true or false")
  const texts = textFields.map((name) => {
    const text = fields[name] ?? ""
    if (typeof text !== "string") throw new Error(`${name}: expected a string`)
    return [name, text] as const
  })
  return { ...(Object.fromEntries(texts) as Record<(typeof textFields)[number], string>), readonly }
}
