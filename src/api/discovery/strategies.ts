import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import type { Endpoint, EndpointSlice } from "./v1/endpoint-slice.ts"
import {
  endpointSliceWarnings,
  validateEndpointSlice,
  validateEndpointSliceUpdate,
} from "./validation/endpoint-slice.ts"

/** What v1beta1 said of places is said in fields of their own. */
function dropTopology(slice: EndpointSlice): void {
  for (const endpoint of (slice.endpoints ?? []) as Endpoint[]) delete endpoint.deprecatedTopology
}

export const discoveryRules: RulesByResource = {
  endpointslices: rules<EndpointSlice>({
    prepareForCreate: dropTopology,
    prepareForUpdate: dropTopology,
    validate: validateEndpointSlice,
    validateUpdate: validateEndpointSliceUpdate,
    warnings: endpointSliceWarnings,
  }),
}
