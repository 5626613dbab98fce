import { type FieldError, forbiddenValue, invalid } from "../../apimachinery/field-error.ts"
import { allocatedDeviceKey, driverOfKey } from "../../api/resource/allocated-device-key.ts"
import type { ResourceClaim } from "../../api/resource/v1/resource-claim.ts"
import type { UserInfo } from "../authentication/authenticator.ts"
import type { ResourceAttributes } from "../authorization/authorizer.ts"
import { forbiddenError } from "../authorization/forbidden.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { AdmissionAttributes, AdmissionContext, AdmissionPlugin } from "./admission.ts"

type Status = ResourceClaim["status"]

const nodeNameKey = "authentication.kubernetes.io/node-name"

/**
 * Whoever may write the status of claims may not thereby write all of it: to give and take devices is the scheduler's
 * ("resourceclaims/binding"), and what is told of devices is their driver's ("resourceclaims/driver", by the driver's name),
 * on the node where they are ("associated-node:update") or on any ("arbitrary-node:update"). Upstream asks while it validates
 * a claim; here what asks is an admission plugin, and answers the same.
 * (https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/)
 */
export function resourceClaimStatusAuthorization({ authorizer }: AdmissionContext): AdmissionPlugin {
  /** Undefined when one of the verbs is allowed, else why the first is not. */
  async function refusal(
    question: ResourceAttributes,
    verbs: readonly string[],
  ): Promise<string | undefined> {
    let first: string | undefined
    for (const verb of verbs) {
      const { decision, reason } = await authorizer.authorize({ ...question, verb })
      if (decision === "allowed") return undefined
      first ??= forbiddenError({ ...question, verb }, reason).message
    }
    return first
  }

  async function* problems(attributes: AdmissionAttributes): AsyncGenerator<FieldError> {
    const { resource, user, options, namespace } = attributes
    const now = (attributes.object as ResourceClaim).status
    const old = (attributes.oldObject as ResourceClaim).status
    const verb = options["kind"] === "PatchOptions" ? "patch" : "update"
    const about = {
      user,
      verb,
      apiGroup: resource.group,
      apiVersion: resource.version,
      resource: resource.plural,
    }
    if (!deepEqual(now.allocation, old.allocation) || !deepEqual(now.reservedFor, old.reservedFor)) {
      const why = await refusal({ ...about, subresource: "binding", namespace: "", name: "" }, [verb])
      const needed = `resource="resourceclaims/binding", verb="${verb}"`
      if (why)
        yield forbiddenValue(
          "status.allocation",
          `changing status.allocation or status.reservedFor requires ${needed} permission: ${why}`,
        )
    }
    if (!now.allocation) return
    const verbs = nodeVerbs(user, now).map((prefix) => `${prefix}:${verb}`)
    for (const name of changedDrivers(now, old)) {
      const why = await refusal({ ...about, subresource: "driver", namespace, name }, verbs)
      const needed = `resource="resourceclaims/driver", verb="[${verbs.join(" ")}]"`
      if (why)
        yield forbiddenValue(
          "status.devices",
          `changing status.devices requires ${needed} permission: ${why}`,
        )
    }
  }

  return {
    name: "ResourceClaimStatusAuthorization",
    on: [{ operations: ["UPDATE"], resources: ["resourceclaims/status.resource.k8s.io"] }],
    async validate(attributes) {
      const found: FieldError[] = []
      for await (const problem of problems(attributes)) found.push(problem)
      if (found.length > 0) throw invalid(attributes.kind, attributes.name, found)
    },
  }
}

/** Drivers of whose devices something else is told than before. */
function changedDrivers(now: Status, old: Status): readonly string[] {
  const tellings = ({ devices = [] }: Status) =>
    new Map(devices.map((each) => [allocatedDeviceKey(each), each]))
  const [after, before] = [tellings(now), tellings(old)]
  const keys = [...after.keys(), ...before.keys()].filter(
    (key) => !deepEqual(after.get(key), before.get(key)),
  )
  return [...new Set(keys.map(driverOfKey))].sort()
}

/** Service accounts whose token is bound to the node of the claim's devices need less. */
function nodeVerbs({ name, extra }: UserInfo, { allocation }: Status): readonly string[] {
  const nodes = extra?.[nodeNameKey] ?? []
  const isThere =
    name.startsWith("system:serviceaccount:") && nodes.length === 1 && nodes[0] === onlyNode(allocation)
  return isThere ? ["associated-node", "arbitrary-node"] : ["arbitrary-node"]
}

/** The one node where an allocation can be used; undefined where there are several. */
function onlyNode(allocation: Status["allocation"]): string | undefined {
  const [term, ...others] = allocation?.nodeSelector?.nodeSelectorTerms ?? []
  if (!term || others.length > 0 || term.matchExpressions?.length) return undefined
  const [field, ...more] = term.matchFields ?? []
  const isName = field?.key === "metadata.name" && field.operator === "In" && field.values?.length === 1
  return isName && more.length === 0 ? field.values![0] : undefined
}
