import { describeNetworkError } from "../../base/real/describe-network-error.ts"
import { quote } from "../../base/quote.ts"
import type { HookAnswer } from "../hooks/hook-runner.ts"
import { getFollowing, type HttpTarget } from "./probes/http-request.ts"

/**
 * GETs what a hook names. Where HTTPS was asked for and the server speaks plain HTTP, it is asked so, without the credentials that
 * were meant for an encrypted connection. What it answers is no matter. Throws in the words of Go's library.
 */
export async function requestHook(target: HttpTarget, signal: AbortSignal): Promise<HookAnswer> {
  try {
    await getFollowing(target, signal)
    return {}
  } catch (error) {
    if (target.url.protocol === "https:" && isPlainAnswer(error as NodeJS.ErrnoException)) {
      const plain = await askPlainly(target, signal)
      if (plain) return plain
      throw failed(target, "http: server gave HTTP response to HTTPS client", error)
    }
    const { hostname, port } = target.url
    throw failed(target, describeNetworkError(error as NodeJS.ErrnoException, hostname, port), error)
  }
}

/** Undefined where that fails too. */
async function askPlainly(
  { url, headers }: HttpTarget,
  signal: AbortSignal,
): Promise<HookAnswer | undefined> {
  const plain = new URL(url)
  plain.protocol = "http:"
  // The port that HTTPS has by default is not that of HTTP.
  plain.port = url.port || "443"
  const kept = Object.entries(headers).filter(([name]) => name.toLowerCase() !== "authorization")
  const answer = await getFollowing({ url: plain, headers: Object.fromEntries(kept) }, signal).catch(
    () => undefined,
  )
  return answer && { plainAt: plain.host }
}

/** The first bytes of "HTTP/1.1 400 Bad Request" are no record of TLS. */
function isPlainAnswer({ code, message }: NodeJS.ErrnoException): boolean {
  return /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|wrong version number|packet length too long/.test(
    `${code} ${message}`,
  )
}

function failed({ url }: HttpTarget, why: string, cause: unknown): Error {
  return new Error(`Get ${quote(url.href)}: ${why}`, { cause })
}
