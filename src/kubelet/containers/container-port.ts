import type { Container } from "../../api/core/v1/container.ts"

/** The number of a port that is given by number or by its name in the container. Throws for names it does not have. */
export function containerPort(container: Container, port: string | number): number {
  if (typeof port === "number") return valid(port)
  const named = container.ports?.find(({ name }) => name === port)
  if (named) return valid(named.containerPort)
  // Numbers may also come as text.
  if (/^\d+$/.test(port)) return valid(Number(port))
  throw new Error(`couldn't find port: ${port}`)
}

function valid(port: number): number {
  if (port > 0 && port < 65_536) return port
  throw new Error(`invalid port number: ${port}`)
}
