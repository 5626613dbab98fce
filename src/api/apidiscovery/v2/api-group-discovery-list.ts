import { ListMeta, ObjectMeta } from "../../../apimachinery/meta.ts"
import { always, field, list, message, optional, string } from "../../../apimachinery/schema.ts"

// What aggregated discovery answers. It is no resource: only its messages have to be known, for protobuf.

const name = (kind: string) => `io.k8s.api.apidiscovery.v2.${kind}`

const GroupVersionKind = message("io.k8s.apimachinery.pkg.apis.meta.v1.GroupVersionKind", {
  group: always(1, string),
  version: always(2, string),
  kind: always(3, string),
})

const APISubresourceDiscovery = message(name("APISubresourceDiscovery"), {
  subresource: always(1, string),
  responseKind: optional(2, GroupVersionKind),
  acceptedTypes: field(3, list(GroupVersionKind)),
  verbs: always(4, list(string)),
})

const APIResourceDiscovery = message(name("APIResourceDiscovery"), {
  resource: always(1, string),
  responseKind: optional(2, GroupVersionKind),
  scope: always(3, string),
  singularResource: always(4, string),
  verbs: always(5, list(string)),
  shortNames: field(6, list(string)),
  categories: field(7, list(string)),
  subresources: field(8, list(APISubresourceDiscovery)),
})

const APIVersionDiscovery = message(name("APIVersionDiscovery"), {
  version: always(1, string),
  resources: field(2, list(APIResourceDiscovery)),
  freshness: field(3, string),
})

const APIGroupDiscovery = message(name("APIGroupDiscovery"), {
  metadata: always(1, ObjectMeta),
  versions: field(2, list(APIVersionDiscovery)),
})

export const APIGroupDiscoveryList = message(name("APIGroupDiscoveryList"), {
  metadata: always(1, ListMeta),
  items: always(2, list(APIGroupDiscovery)),
})
