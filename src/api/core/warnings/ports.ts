import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { quote } from "../../../base/quote.ts"
import type { ContainerPort } from "../v1/container.ts"
import type { ContainerAt } from "../validation/containers-of.ts"

interface PortAt {
  readonly port: ContainerPort
  readonly path: FieldPath
}

/** Containers of a pod share its ports. */
export function* portWarnings(containers: readonly ContainerAt[]): Iterable<string> {
  const ports = containers.flatMap(({ container, path }) =>
    (container.ports ?? []).map((port, index): PortAt => ({ port, path: path.child("ports").index(index) })),
  )
  const byNumber = new Map<string, PortAt[]>()
  for (const each of ports) {
    const { port, path } = each
    if (port.hostIP && !port.hostPort) yield `${path}: hostIP set without hostPort: ${asGo(port)}`
    const key = `${port.containerPort}/${port.protocol}`
    const others = byNumber.get(key) ?? []
    for (const other of others) {
      const relation = relationOf(port, other.port)
      if (relation) yield `${path}: ${relation} port definition with ${other.path}`
    }
    byNumber.set(key, [...others, each])
  }
  yield* sameNames(ports)
}

function relationOf(a: ContainerPort, b: ContainerPort): string | undefined {
  const [portA, portB] = [a.hostPort ?? 0, b.hostPort ?? 0]
  const [ipA, ipB] = [a.hostIP ?? "", b.hostIP ?? ""]
  if (ipA === ipB && portA === portB) return "duplicate"
  if (portA === 0 || portB === 0) return "overlapping"
  return portA === portB && (ipA === "") !== (ipB === "") ? "dangerously ambiguous" : undefined
}

function* sameNames(ports: readonly PortAt[]): Iterable<string> {
  const first = new Map<string, FieldPath>()
  for (const { port, path } of ports) {
    if (!port.name) continue
    const other = first.get(port.name)
    if (!other) first.set(port.name, path)
    else {
      yield `${path}: duplicate port name ${quote(port.name)} with ${other}, services and probes that select ports by name will use ${other}`
    }
  }
}

/** Upstream prints the Go value here. */
function asGo({ name = "", hostPort = 0, containerPort, protocol, hostIP = "" }: ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
}
