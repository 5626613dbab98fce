import type { Draft } from "../../../apimachinery/meta.ts"
import type { Resource } from "../../../apimachinery/resource.ts"
import { ignoreAlreadyExists } from "../../../apimachinery/status-error.ts"
import { CustomResourceDefinition } from "../../../api/apiextensions/v1/custom-resource-definition.ts"
import type { JSONSchemaProps } from "../../../api/apiextensions/v1/json-schema-props.ts"
import type { Client } from "../../../client/client.ts"
import { AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy } from "./resources.ts"

// What an administrator would install elsewhere before a network plugin enforces it. `domainNames`, which only some can, is
// left out: a policy with it is refused instead of half enforced.

/** Makes the definitions that are not there; one that somebody has installed or changed stays as it is. */
export async function ensureClusterPolicyDefinitions(client: Client): Promise<void> {
  await Promise.all(
    [adminPolicy, baselinePolicy, clusterPolicy].map((definition) =>
      client.create(CustomResourceDefinition, definition).catch(ignoreAlreadyExists),
    ),
  )
}

type Schema = JSONSchemaProps

const text = (more: Schema = {}): Schema => ({ type: "string", ...more })
const list = (items: Schema, more: Schema = {}): Schema => ({ type: "array", items, ...more })
const object = (properties: Record<string, Schema>, required: string[] = [], more: Schema = {}): Schema => ({
  type: "object",
  properties,
  ...(required.length > 0 && { required }),
  ...more,
})
/** Exactly one of them. */
const oneOf = (properties: Record<string, Schema>): Schema =>
  object(properties, [], { minProperties: 1, maxProperties: 1 })
const integer = (minimum: number, maximum: number): Schema => ({
  type: "integer",
  format: "int32",
  minimum,
  maximum,
})

const expression = object({ key: text(), operator: text(), values: list(text(), atomic()) }, [
  "key",
  "operator",
])
const selector = object(
  {
    matchLabels: { type: "object", additionalProperties: text() },
    matchExpressions: list(expression, atomic()),
  },
  [],
  { "x-kubernetes-map-type": "atomic" },
)
const pods = object({ namespaceSelector: selector, podSelector: selector }, ["podSelector"])
const subject = oneOf({ namespaces: selector, pods })
const cidr = text({
  maxLength: 43,
  "x-kubernetes-validations": [{ rule: "isCIDR(self)", message: "Invalid CIDR format provided" }],
})
const networks = list(cidr, { minItems: 1, maxItems: 25, "x-kubernetes-list-type": "set" })
const egressPeer = oneOf({ namespaces: selector, pods, nodes: selector, networks })

function atomic(): Schema {
  return { "x-kubernetes-list-type": "atomic" }
}

interface RuleKind {
  readonly actions: readonly string[]
  /** The field that narrows a rule to ports, and what is in it. */
  readonly ports: Readonly<Record<string, Schema>>
  /** As CEL: a rule of these names a port. */
  readonly namesPort: string
  readonly most: { readonly rules: number; readonly peers: number }
}

function rules({ actions, ports, namesPort, most }: RuleKind): Record<string, Schema> {
  const common = { name: text({ maxLength: 100 }), action: text({ enum: [...actions] }), ...ports }
  const peers = { minItems: 1, maxItems: most.peers }
  const noNamedPorts = {
    rule: `!(self.to.exists(peer, has(peer.networks) || has(peer.nodes)) && ${namesPort})`,
    message:
      "networks/nodes peer cannot be set with namedPorts since there are no namedPorts for networks/nodes",
  }
  return {
    ingress: list(object({ ...common, from: list(subject, peers) }, ["action", "from"]), {
      maxItems: most.rules,
    }),
    egress: list(
      object({ ...common, to: list(egressPeer, peers) }, ["action", "to"], {
        "x-kubernetes-validations": [noNamedPorts],
      }),
      { maxItems: most.rules },
    ),
  }
}

const port = integer(1, 65_535)
const protocol = text({ enum: ["TCP", "UDP", "SCTP"], default: "TCP" })
const inOrder = {
  "x-kubernetes-validations": [
    { rule: "self.start < self.end", message: "Start port must be less than End port" },
  ],
}
const adminPort = oneOf({
  portNumber: object({ protocol, port }, ["port"]),
  portRange: object({ protocol, start: port, end: port }, ["start", "end"], inOrder),
  namedPort: text(),
})
const ofProtocol = object(
  {
    destinationPort: oneOf({
      number: port,
      range: object({ start: port, end: port }, ["start", "end"], inOrder),
    }),
  },
  [],
  { minProperties: 1 },
)
const clusterProtocol = oneOf({
  tcp: ofProtocol,
  udp: ofProtocol,
  sctp: ofProtocol,
  destinationNamedPort: text(),
})

const adminKind = {
  ports: { ports: list(adminPort, { maxItems: 100 }) },
  namesPort: "has(self.ports) && self.ports.exists(port, has(port.namedPort))",
  most: { rules: 100, peers: 100 },
}
const clusterKind: RuleKind = {
  actions: ["Accept", "Deny", "Pass"],
  ports: { protocols: list(clusterProtocol, { minItems: 1, maxItems: 25 }) },
  namesPort: "has(self.protocols) && self.protocols.exists(protocol, has(protocol.destinationNamedPort))",
  most: { rules: 25, peers: 25 },
}
const priority = integer(0, 1000)

const condition = object(
  {
    type: text({ maxLength: 316 }),
    status: text({ enum: ["True", "False", "Unknown"] }),
    observedGeneration: { type: "integer", format: "int64", minimum: 0 },
    lastTransitionTime: text({ format: "date-time" }),
    reason: text({ minLength: 1, maxLength: 1024, pattern: "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$" }),
    message: text({ maxLength: 32_768 }),
  },
  ["lastTransitionTime", "message", "reason", "status", "type"],
)
const status = object(
  {
    conditions: list(condition, { "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"] }),
  },
  ["conditions"],
)

const adminPolicy = define(AdminNetworkPolicy, {
  shortName: "anp",
  spec: object({ priority, subject, ...rules({ ...adminKind, actions: ["Allow", "Deny", "Pass"] }) }, [
    "priority",
    "subject",
  ]),
  columns: ["Priority"],
})

const baselinePolicy = define(BaselineAdminNetworkPolicy, {
  shortName: "banp",
  spec: object({ subject, ...rules({ ...adminKind, actions: ["Allow", "Deny"] }) }, ["subject"]),
  columns: [],
  rule: {
    rule: "self.metadata.name == 'default'",
    message:
      'Only one baseline admin network policy with metadata.name="default" can be created in the cluster',
  },
})

const clusterPolicy = define(ClusterNetworkPolicy, {
  shortName: "cnp",
  spec: object({ tier: text({ enum: ["Admin", "Baseline"] }), priority, subject, ...rules(clusterKind) }, [
    "tier",
    "priority",
    "subject",
  ]),
  columns: ["Tier", "Priority"],
})

interface Definition {
  readonly shortName: string
  readonly spec: Schema
  /** Fields of the spec, as `kubectl get` shows them. */
  readonly columns: readonly string[]
  readonly rule?: { readonly rule: string; readonly message: string }
}

function define(
  { group, version, kind, plural, listKind, singular }: Resource,
  { shortName, spec, columns, rule }: Definition,
): Draft<CustomResourceDefinition> {
  const schema = object(
    { apiVersion: text(), kind: text(), metadata: { type: "object" }, spec, status },
    ["metadata", "spec"],
    rule && { "x-kubernetes-validations": [rule] },
  )
  return {
    metadata: {
      name: `${plural}.${group}`,
      annotations: {
        "api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/network-policy-api/pull/30",
      },
    },
    spec: {
      group,
      scope: "Cluster",
      names: { kind, listKind, plural, singular, shortNames: [shortName] },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: schema },
          additionalPrinterColumns: [
            ...columns.map((name) => ({ name, type: "string", jsonPath: `.spec.${name.toLowerCase()}` })),
            { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
          ],
        },
      ],
    },
  }
}
