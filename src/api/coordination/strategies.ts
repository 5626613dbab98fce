import { configMapKeyProblems } from "../../apimachinery/names.ts"
import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { Lease } from "./v1/lease.ts"
import type { LeaseCandidate } from "./v1beta1/lease-candidate.ts"
import { validateLease, validateLeaseCandidate, validateLeaseCandidateUpdate } from "./validation/lease.ts"

export const coordinationRules: RulesByResource = {
  leases: rules<Lease>({
    // Elections by version are not switched on upstream.
    prepareForCreate({ spec }) {
      delete spec.strategy
      delete spec.preferredHolder
    },
    prepareForUpdate({ spec }, old) {
      if (old.spec.strategy === undefined) delete spec.strategy
      if (old.spec.preferredHolder === undefined) delete spec.preferredHolder
    },
    validate: validateLease,
  }),
  leasecandidates: rules<LeaseCandidate>({
    nameRule: configMapKeyProblems,
    validate: validateLeaseCandidate,
    validateUpdate: validateLeaseCandidateUpdate,
  }),
}
