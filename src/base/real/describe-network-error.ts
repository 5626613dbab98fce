const phrases: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  ETIMEDOUT: "i/o timeout",
}

/** Why a connection failed, as Go's network library puts it; users know its phrases from events and answers. */
export function describeNetworkError(
  { code, message }: NodeJS.ErrnoException,
  host: string,
  port: string | number,
): string {
  const phrase = phrases[code ?? ""]
  const bare = host.replace(/^\[|\]$/g, "")
  const address = bare.includes(":") ? `[${bare}]:${port}` : `${bare}:${port}`
  if (phrase) return `dial tcp ${address}: ${phrase}`
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `dial tcp: lookup ${bare}: no such host`
  if (code === "ECONNRESET" && message !== "socket hang up")
    return `read tcp ${address}: read: connection reset by peer`
  return message === "socket hang up" ? "EOF" : message
}
