import type { Column } from "../../../apimachinery/resource.ts"
import { ageColumn, column, nameColumn, orNone, textOf, wideColumn } from "../../columns.ts"
import type { Node } from "./node.ts"

const rolePrefix = "node-role.kubernetes.io/"
const roleLabel = "kubernetes.io/role"

export const nodeColumns: readonly Column<Node>[] = [
  nameColumn,
  column("Status", "The status of the node", formatStatus),
  column("Roles", "The roles of the node", formatRoles),
  ageColumn,
  column(
    "Version",
    textOf("core.v1.NodeSystemInfo", "kubeletVersion"),
    ({ status }) => status.nodeInfo.kubeletVersion,
  ),
  wideColumn("Internal-IP", textOf("core.v1.NodeStatus", "addresses"), (node) =>
    findAddress(node, "InternalIP"),
  ),
  wideColumn("External-IP", textOf("core.v1.NodeStatus", "addresses"), (node) =>
    findAddress(node, "ExternalIP"),
  ),
  wideColumn("OS-Image", textOf("core.v1.NodeSystemInfo", "osImage"), ({ status }) =>
    orUnknown(status.nodeInfo.osImage),
  ),
  wideColumn("Kernel-Version", textOf("core.v1.NodeSystemInfo", "kernelVersion"), formatKernel),
  wideColumn("Container-Runtime", textOf("core.v1.NodeSystemInfo", "containerRuntimeVersion"), ({ status }) =>
    orUnknown(status.nodeInfo.containerRuntimeVersion),
  ),
]

function formatStatus({ spec, status }: Node): string {
  const ready = status.conditions?.find((condition) => condition.type === "Ready")
  const state = ready ? (ready.status === "True" ? "Ready" : "NotReady") : "Unknown"
  return spec.unschedulable ? `${state},SchedulingDisabled` : state
}

function formatRoles({ metadata }: Node): string {
  const roles = Object.entries(metadata.labels ?? {}).map(([label, value]) => {
    if (label.startsWith(rolePrefix)) return label.slice(rolePrefix.length)
    return label === roleLabel ? value : ""
  })
  return orNone([...new Set(roles.filter((role) => role !== ""))].sort().join(","))
}

function findAddress({ status }: Node, type: string): string {
  return orNone(status.addresses?.find((address) => address.type === type)?.address)
}

function formatKernel({ status }: Node): string {
  const { kernelVersion, architecture } = status.nodeInfo
  const kernel = orUnknown(kernelVersion)
  return architecture ? `${kernel} (${architecture})` : kernel
}

function orUnknown(text: string | undefined): string {
  return text || "<unknown>"
}
