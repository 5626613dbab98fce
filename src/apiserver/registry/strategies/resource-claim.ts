import type { ResourceClaim, ResourceClaimSpec } from "../../../api/resource/v1/resource-claim.ts"
import type { ResourceClaimTemplate } from "../../../api/resource/v1/resource-claim-template.ts"
import { type FieldError, forbiddenValue } from "../../../apimachinery/field-error.ts"
import { fieldPath } from "../../../apimachinery/field-path.ts"
import type { Strategy, StrategyContext } from "../strategy.ts"

const label = "resource.kubernetes.io/admin-access"
const namespaces = { group: "", version: "v1", plural: "namespaces" }

/** Whoever sees devices that others use must be in a namespace that an administrator has marked. */
export const resourceClaimStrategy: Partial<Strategy> = {
  hasGeneration: false,
  statusKeepsMetadata: true,
  validate: (object, context) => askedFor((object as unknown as ResourceClaim).spec, context),
  validateStatusUpdate(object, old, context) {
    const results = (claim: unknown) => (claim as ResourceClaim).status.allocation?.devices.results ?? []
    if (results(old).some(({ adminAccess }) => adminAccess)) return []
    const index = results(object).findIndex(({ adminAccess }) => adminAccess)
    const path = fieldPath("status", "allocation", "devices", "results").index(index)
    return index < 0 ? [] : allowed(path.child("adminAccess").toString(), context)
  },
}

export const resourceClaimTemplateStrategy: Partial<Strategy> = {
  validate: (object, context) => askedFor((object as unknown as ResourceClaimTemplate).spec.spec, context),
}

function askedFor({ devices }: ResourceClaimSpec, context: StrategyContext): FieldError[] {
  const index = (devices.requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess)
  const path = fieldPath("spec", "devices", "requests").index(index).child("adminAccess")
  return index < 0 ? [] : allowed(path.toString(), context)
}

function allowed(path: string, { server, namespace }: StrategyContext): FieldError[] {
  const found = server.resources.get(namespaces).registry.cache.find(namespace)
  if (found?.object.metadata.labels?.[label] === "true") return []
  const detail = `admin access to devices requires the \`${label}: true\` label on the containing namespace`
  return [forbiddenValue(path, detail)]
}
