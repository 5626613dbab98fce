import {
  forbiddenValue,
  invalidValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { portNameProblems, portNumberProblems } from "../../../apimachinery/names.ts"
import { type Errors, labelSelector, problems } from "../../validation/checks.ts"
import { ipNetwork, ipNetworkWarnings, isStrictlyInside, isNetwork } from "../../validation/ip.ts"
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../v1/network-policy.ts"

const path = fieldPath("spec")
const types = ["Ingress", "Egress"]

/** Each direction's rules in one form. */
function rulesOf({ spec }: NetworkPolicy) {
  const ingress = (spec.ingress ?? []).map(({ ports, from }) => ({ ports, peers: from }))
  const egress = (spec.egress ?? []).map(({ ports, to }) => ({ ports, peers: to }))
  return [
    { name: "ingress", peersName: "from", rules: ingress },
    { name: "egress", peersName: "to", rules: egress },
  ]
}

export function* validateNetworkPolicy(policy: NetworkPolicy): Errors {
  const { podSelector, policyTypes = [] } = policy.spec
  yield* labelSelector(podSelector, path.child("podSelector"))
  for (const { name, peersName, rules } of rulesOf(policy)) {
    for (const [index, { ports = [], peers = [] }] of rules.entries()) {
      const at = path.child(name).index(index)
      for (const [position, port] of ports.entries())
        yield* portRange(port, at.child("ports").index(position))
      for (const [position, peer] of peers.entries())
        yield* onePeer(peer, at.child(peersName).index(position))
    }
  }
  const typesPath = path.child("policyTypes")
  if (policyTypes.length > types.length) {
    yield invalidValue(typesPath, policyTypes, "may not specify more than two policyTypes")
    return
  }
  for (const [index, type] of policyTypes.entries()) {
    if (!types.includes(type)) yield unsupportedValue(typesPath.index(index), type, types)
  }
}

const protocols = ["TCP", "UDP", "SCTP"]

function* portRange({ protocol, port, endPort }: NetworkPolicyPort, at: FieldPath): Errors {
  if (protocol !== undefined && !protocols.includes(protocol)) {
    yield unsupportedValue(at.child("protocol"), protocol, protocols)
  }
  const [portPath, endPath] = [at.child("port"), at.child("endPort")]
  if (typeof port === "number") {
    yield* problems(port, portPath, portNumberProblems(port))
    if (endPort === undefined) return
    if (endPort < port) yield invalidValue(endPath, port, "must be greater than or equal to `port`")
    yield* problems(endPort, endPath, portNumberProblems(endPort))
    return
  }
  if (endPort !== undefined) {
    const why = port === undefined ? "not specified" : "non-numeric"
    yield invalidValue(endPath, endPort, `may not be specified when \`port\` is ${why}`)
  }
  if (port !== undefined) yield* problems(port, portPath, portNameProblems(port))
}

function* onePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, at: FieldPath): Errors {
  yield* labelSelector(podSelector, at.child("podSelector"))
  yield* labelSelector(namespaceSelector, at.child("namespaceSelector"))
  if (ipBlock) yield* addressBlock(ipBlock, at.child("ipBlock"))
  if (!podSelector && !namespaceSelector && !ipBlock) yield requiredValue(at, "must specify a peer")
  else if (ipBlock && (podSelector || namespaceSelector)) {
    yield forbiddenValue(at, "may not specify both ipBlock and another peer")
  }
}

function* addressBlock({ cidr, except = [] }: IPBlock, at: FieldPath): Errors {
  if (!cidr) {
    yield requiredValue(at.child("cidr"))
    return
  }
  yield* ipNetwork(cidr, at.child("cidr"))
  if (!isNetwork(cidr)) return
  for (const [index, hole] of except.entries()) {
    const entry = at.child("except").index(index)
    yield* ipNetwork(hole, entry)
    if (isNetwork(hole) && !isStrictlyInside(hole, cidr)) {
      yield invalidValue(entry, hole, "must be a strict subset of `cidr`")
    }
  }
}

export function* networkPolicyWarnings(policy: NetworkPolicy): Iterable<string> {
  for (const { name, peersName, rules } of rulesOf(policy)) {
    for (const [index, { peers = [] }] of rules.entries()) {
      for (const [position, { ipBlock }] of peers.entries()) {
        if (!ipBlock) continue
        const at = path.child(name).index(index).child(peersName).index(position).child("ipBlock")
        yield* ipNetworkWarnings(ipBlock.cidr, at.child("cidr"))
        for (const [hole, network] of (ipBlock.except ?? []).entries()) {
          yield* ipNetworkWarnings(network, at.child("except").index(hole))
        }
      }
    }
  }
}
