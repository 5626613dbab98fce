import type { Readable } from "node:stream"
import { buffer } from "node:stream/consumers"
import { promisify } from "node:util"
import { deflate, gunzip, gzip, inflate } from "node:zlib"
import type { ProxiedOrigin } from "../backends.ts"
import { rewriteHtml } from "../rewrite-links.ts"

const unpack = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const
const pack = { gzip: promisify(gzip), deflate: promisify(deflate) } as const

/** The page with its links rewritten, in the encoding it came in. */
export async function* rewrittenPage(
  page: Readable,
  encoding: string,
  url: URL,
  origin: ProxiedOrigin,
): AsyncGenerator<Uint8Array, void, void> {
  const raw = await buffer(page)
  const known = encoding === "gzip" || encoding === "deflate" ? encoding : undefined
  const html = (known ? await unpack[known](raw) : raw).toString("utf8")
  const rewritten = Buffer.from(rewriteHtml(html, url, origin))
  yield known ? await pack[known](rewritten) : rewritten
}
