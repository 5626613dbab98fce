import { parseIp } from "../../base/ip-address.ts"

/** "127.0.0.1", "localhost", "[::1]" */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, "")
  return address === "localhost" || address === "::1" || address.startsWith("127.")
}

/**
 * Whether requests may be sent there on behalf of others: not to this machine itself, nor to addresses that only mean
 * something on one network (a cloud's metadata service is at 169.254.169.254).
 */
export function isUsableAddress(address: string): boolean {
  const parsed = parseIp(address)
  if (!parsed || isLoopback(address)) return false
  if (parsed.family === 6) return !/^(::$|fe[89ab]|ff)/i.test(address)
  return !/^(0\.0\.0\.0$|169\.254\.|255\.255\.255\.255$|22[4-9]\.|23\d\.)/.test(address)
}
