import type { ServiceSpec } from "../../../api/core/v1/service.ts"
import { needsClusterIp, needsHealthCheckPort, needsNodePorts, sameStrings } from "./service-spec.ts"

/** A writer that leaves out what the server allocated means to keep it. Changes `spec` in place. */
export function carryOverAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (needsClusterIp(old) && needsClusterIp(spec)) carryOverClusterIps(spec, old)
  if (needsNodePorts(old) && needsNodePorts(spec)) carryOverNodePorts(spec, old)
  if (needsHealthCheckPort(old) && needsHealthCheckPort(spec) && old.healthCheckNodePort) {
    spec.healthCheckNodePort ||= old.healthCheckNodePort
  }
}

function carryOverClusterIps(spec: ServiceSpec, old: ServiceSpec): void {
  if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP
  if (!spec.clusterIPs?.length && spec.clusterIP === old.clusterIP && old.clusterIPs) {
    spec.clusterIPs = [...old.clusterIPs]
  }
}

/** Ports are paired by name; a number that another port has taken meanwhile is not given twice. */
function carryOverNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const used = new Set((spec.ports ?? []).map(({ nodePort }) => nodePort ?? 0))
  const byName = new Map((old.ports ?? []).map(({ name = "", nodePort = 0 }) => [name, nodePort]))
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue
    const before = byName.get(port.name ?? "")
    if (!before || used.has(before)) continue
    port.nodePort = before
    used.add(before)
  }
}

/** `clusterIP` and `clusterIPs[0]` are one thing; a writer that knows only the first has the say. In place. */
export function alignClusterIps(spec: ServiceSpec, old: ServiceSpec | undefined): void {
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP]
    return
  }
  if (!sameStrings(spec.clusterIPs, old.clusterIPs)) return
  if (old.clusterIP && !spec.clusterIP) delete spec.clusterIPs
  else if (spec.clusterIP && spec.clusterIP !== old.clusterIP) spec.clusterIPs = [spec.clusterIP]
}
