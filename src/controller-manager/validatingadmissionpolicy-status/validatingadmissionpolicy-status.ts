/**
 * Status of ValidatingAdmissionPolicies: their authors are told where an expression does not fit the types of the objects
 * that the policy is about, a field that is misspelled for one. Policies work the same with and without.
 *
 * Reads ValidatingAdmissionPolicies and the server's OpenAPI documents; writes the policies' status.
 * Woken by changes of policies.
 */
import type { Rule } from "../../api/admissionregistration/v1/match-resources.ts"
import {
  ValidatingAdmissionPolicy,
  type ValidatingAdmissionPolicySpec,
} from "../../api/admissionregistration/v1/validating-admission-policy.ts"
import { keyOf, type ObjectKey, parseGroupVersion } from "../../apimachinery/meta.ts"
import { ignoreNotFound } from "../../apimachinery/status-error.ts"
import {
  type ControllerDefinition,
  done,
  type ReconcileContext,
  type Result,
  watch,
} from "../../client/controller.ts"
import { type CheckedKind, checkTypes } from "./check-types.ts"
import { kindOfResource, type OpenApiDocument, typeOfKind } from "./open-api-types.ts"

export type ReadOpenApi = (groupVersion: {
  readonly group: string
  readonly version: string
}) => Promise<unknown>

const name = "validatingadmissionpolicy-status-controller"
const fieldManager = "validatingadmissionpolicy-status"

export function createPolicyStatusController({
  readOpenApi,
}: {
  readOpenApi: ReadOpenApi
}): ControllerDefinition {
  return {
    name,
    watches: [watch(ValidatingAdmissionPolicy, (policy) => (isStale(policy) ? [keyOf(policy)] : []))],
    reconcile: (key, context) => reconcile(key, context, readOpenApi),
  }
}

function isStale({ metadata, status }: ValidatingAdmissionPolicy): boolean {
  return (metadata.generation ?? 0) > (status.observedGeneration ?? 0)
}

async function reconcile(
  key: ObjectKey,
  { client, cache }: ReconcileContext,
  readOpenApi: ReadOpenApi,
): Promise<Result> {
  const policy = cache.find(ValidatingAdmissionPolicy, key)
  if (!policy || !isStale(policy)) return done

  const documents = new Documents(readOpenApi)
  const kinds = await kindsOf(policy.spec, documents)
  const paramsType = await paramsTypeOf(policy.spec, documents)
  const expressionWarnings = checkTypes(policy.spec, kinds, paramsType)

  const status = {
    observedGeneration: policy.metadata.generation,
    typeChecking: expressionWarnings.length > 0 ? { expressionWarnings } : {},
  }
  const { apiVersion, kind } = policy
  const body = { apiVersion, kind, metadata: { name: key.name }, status }
  await client
    .patch(
      ValidatingAdmissionPolicy,
      key,
      { type: "apply", body, force: true },
      { subresource: "status", fieldManager },
    )
    .catch(ignoreNotFound)
  return done
}

/** Each document is read once for a policy: custom resources may have changed before the next. */
class Documents {
  readonly #read: ReadOpenApi
  readonly #known = new Map<string, Promise<OpenApiDocument | undefined>>()

  constructor(read: ReadOpenApi) {
    this.#read = read
  }

  get(group: string, version: string): Promise<OpenApiDocument | undefined> {
    const id = `${group}/${version}`
    let known = this.#known.get(id)
    if (!known) {
      known = this.#read({ group, version }) as Promise<OpenApiDocument | undefined>
      this.#known.set(id, known)
    }
    return known
  }
}

/** As upstream: more kinds than these are not looked at. */
const maxKinds = 10

/** The kinds that the rules name; none for a rule with an asterisk. */
async function kindsOf(spec: ValidatingAdmissionPolicySpec, documents: Documents): Promise<CheckedKind[]> {
  const found = new Map<string, CheckedKind>()
  for (const { group, version, plural } of (spec.matchConstraints?.resourceRules ?? []).flatMap(namedIn)) {
    if (found.size === maxKinds) break
    const document = await documents.get(group, version)
    const kind = document && kindOfResource(document, plural)
    const type =
      kind === undefined ? undefined : typeOfKind(document as OpenApiDocument, { group, version, kind })
    if (kind !== undefined && type) found.set(`${group} ${version} ${kind}`, { group, version, kind, type })
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, kind]) => kind)
}

function namedIn({ apiGroups = [], apiVersions = [], resources = [] }: Rule) {
  if ([...apiGroups, ...apiVersions].some((each) => each.includes("*"))) return []
  const plurals = resources.filter((each) => !/[*/]/.test(each))
  return apiGroups.flatMap((group) =>
    apiVersions.flatMap((version) => plurals.map((plural) => ({ group, version, plural }))),
  )
}

async function paramsTypeOf({ paramKind }: ValidatingAdmissionPolicySpec, documents: Documents) {
  if (!paramKind) return undefined
  const { group, version } = parseGroupVersion(paramKind.apiVersion ?? "")
  const document = await documents.get(group, version)
  return document && typeOfKind(document, { group, version, kind: paramKind.kind ?? "" })
}
