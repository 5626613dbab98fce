import type { Column } from "../../../apimachinery/resource.ts"
import {
  ageColumn,
  column,
  formatLabels,
  nameColumn,
  orNone,
  selectorText,
  wideColumn,
} from "../../columns.ts"
import type { Service } from "./service.ts"

export const serviceColumns: readonly Column<Service>[] = [
  nameColumn,
  column("Type", "How it can be reached.", ({ spec }) => spec.type),
  column("Cluster-IP", "Its address within the cluster.", ({ spec }) => orNone(spec.clusterIPs?.[0])),
  column("External-IP", "Its addresses for the world.", formatExternalAddresses),
  column("Port(s)", "Its ports, and those on the nodes.", formatPorts),
  ageColumn,
  wideColumn("Selector", selectorText, ({ spec }) => formatLabels(spec.selector)),
]

function formatExternalAddresses({ spec, status }: Service): string {
  const external = spec.externalIPs ?? []
  switch (spec.type) {
    case "ClusterIP":
    case "NodePort":
      return orNone(external.join(","))
    case "LoadBalancer":
      return [...loadBalancerAddresses(status.loadBalancer), ...external].join(",") || "<pending>"
    case "ExternalName":
      return spec.externalName ?? ""
    default:
      return "<unknown>"
  }
}

/** Addresses or else names, each once and in order. */
export function loadBalancerAddresses(status: {
  ingress?: readonly { ip?: string | undefined; hostname?: string | undefined }[] | undefined
}): string[] {
  const addresses = (status.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "")
  return [...new Set(addresses.filter((address) => address !== ""))].sort()
}

function formatPorts({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  )
  return orNone(ports.join(","))
}
