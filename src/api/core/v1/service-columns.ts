import type { Column } from "../../../apimachinery/resource.ts"
import { ageColumn, column, formatLabels, nameColumn, orNone, textOf, wideColumn } from "../../columns.ts"
import type { Service } from "./service.ts"

export const serviceColumns: readonly Column<Service>[] = [
  nameColumn,
  column("Type", textOf("core.v1.ServiceSpec", "type"), ({ spec }) => spec.type),
  column("Cluster-IP", textOf("core.v1.ServiceSpec", "clusterIP"), ({ spec }) =>
    orNone(spec.clusterIPs?.[0]),
  ),
  column("External-IP", textOf("core.v1.ServiceSpec", "externalIPs"), formatExternalAddresses),
  column("Port(s)", textOf("core.v1.ServiceSpec", "ports"), formatPorts),
  ageColumn,
  wideColumn("Selector", textOf("core.v1.ServiceSpec", "selector"), ({ spec }) =>
    formatLabels(spec.selector),
  ),
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
