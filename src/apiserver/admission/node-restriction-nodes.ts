import { quote } from "../../base/quote.ts"
import type { Node } from "../../api/core/v1/node.ts"
import { deepEqual } from "../handlers/equal-objects.ts"
import type { AdmissionAttributes } from "./admission.ts"
import { refuse } from "./refuse.ts"

/** A node may describe itself, but not so that it draws pods that were not meant for it. */
export function checkNodeObject(attributes: AdmissionAttributes, nodeName: string): void {
  const { operation, object, oldObject } = attributes
  const name = attributes.name || object?.metadata.name || ""
  const who = `node ${quote(nodeName)}`
  if (name !== nodeName) throw refuse(attributes, `${who} is not allowed to modify node ${quote(name)}`)
  const node = object as Node
  if (operation === "CREATE") {
    if (node.spec?.configSource !== undefined)
      throw refuse(attributes, `${who} is not allowed to create pods with a non-nil configSource`)
    const forbidden = forbiddenLabels(node.metadata.labels, {})
    if (forbidden.length > 0)
      throw refuse(attributes, `${who} is not allowed to set the following labels: ${forbidden.join(", ")}`)
  }
  if (operation === "UPDATE") checkUpdate(attributes, who, node, oldObject as Node)
}

function checkUpdate(attributes: AdmissionAttributes, who: string, node: Node, old: Node): void {
  const { configSource, taints = [] } = node.spec ?? {}
  if (configSource !== undefined && !deepEqual(configSource, old.spec?.configSource))
    throw refuse(attributes, `${who} is not allowed to update configSource to a new non-nil configSource`)
  if (!deepEqual(taints, old.spec?.taints ?? []))
    throw refuse(attributes, `${who} is not allowed to modify taints`)
  if (!deepEqual(node.metadata.ownerReferences ?? [], old.metadata.ownerReferences ?? []))
    throw refuse(attributes, `${who} is not allowed to modify ownerReferences`)
  const forbidden = forbiddenLabels(node.metadata.labels, old.metadata.labels)
  if (forbidden.length > 0)
    throw refuse(attributes, `is not allowed to modify labels: ${forbidden.join(", ")}`)
}

type Labels = Readonly<Record<string, string>> | undefined

const ownLabels = new Set([
  "kubernetes.io/hostname",
  "topology.kubernetes.io/zone",
  "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone",
  "failure-domain.beta.kubernetes.io/region",
  "beta.kubernetes.io/instance-type",
  "node.kubernetes.io/instance-type",
  "kubernetes.io/os",
  "kubernetes.io/arch",
  "beta.kubernetes.io/os",
  "beta.kubernetes.io/arch",
])

/** The labels that differ and are not a node's to set. */
function forbiddenLabels(labels: Labels = {}, old: Labels = {}): string[] {
  const changed = new Set([...Object.keys(labels), ...Object.keys(old)])
  return [...changed].filter((key) => labels[key] !== old[key] && isForbidden(key)).sort()
}

function isForbidden(key: string): boolean {
  const slash = key.indexOf("/")
  const domain = slash < 0 ? "" : key.slice(0, slash)
  const isWithin = (parent: string) => domain === parent || domain.endsWith(`.${parent}`)
  if (isWithin("node-restriction.kubernetes.io")) return true
  if (!isWithin("kubernetes.io") && !isWithin("k8s.io")) return false
  return !ownLabels.has(key) && !isWithin("kubelet.kubernetes.io") && !isWithin("node.kubernetes.io")
}
