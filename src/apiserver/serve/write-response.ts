import { once } from "node:events"
import { createGzip, gzipSync } from "node:zlib"
import { headerOf } from "../http/request.ts"
import type { ServerResponse, WatchBody } from "../http/response.ts"
import type { AnyRequest, AnyResponse } from "./serve-https.ts"

/** Smaller answers are not worth the time (upstream: 128 KiB, fastest level). */
const gzipFromBytes = 128 * 1024
/** Answers are sent in pieces of about this size. */
const pieceBytes = 64 * 1024

/** Sends an answer. Resolves when it has been handed to the connection; rejects when that breaks. */
export async function writeResponse(
  answer: ServerResponse,
  request: AnyRequest,
  response: AnyResponse,
): Promise<void> {
  const { status, headers, body } = answer
  const isHead = request.method === "HEAD"
  switch (body.kind) {
    case "upgraded":
      return
    case "empty":
      response.writeHead(status, headers)
      response.end()
      return
    case "bytes":
      return sendWhole(request, response, status, headers, body.bytes)
    case "object": {
      const gathered = gather(body.encode())
      return gathered.whole
        ? sendWhole(request, response, status, headers, gathered.whole)
        : sendPieces(request, response, status, headers, gathered.pieces)
    }
    case "stream":
      response.writeHead(status, headers)
      if (!isHead) await sendChunks(response, body.chunks)
      response.end()
      return
    case "watch":
      response.writeHead(status, { "cache-control": "no-cache, private", ...headers })
      // The client learns that it watches before anything happens.
      ;(response as { flushHeaders(): void }).flushHeaders()
      await sendWatch(response, body)
      response.end()
  }
}

type Headers = ServerResponse["headers"]

function sendWhole(
  request: AnyRequest,
  response: AnyResponse,
  status: number,
  headers: Headers,
  whole: Uint8Array,
): void {
  const zips = whole.length >= gzipFromBytes && acceptsGzip(request)
  const bytes = zips ? gzipSync(whole, { level: 1 }) : whole
  response.writeHead(status, {
    "cache-control": "no-cache, private",
    ...headers,
    ...(zips && { "content-encoding": "gzip", vary: "Accept-Encoding" }),
    "content-length": bytes.length,
  })
  endWith(response, request.method === "HEAD" ? undefined : bytes)
}

// The two kinds of response have the same methods with types that do not join.
function endWith(response: AnyResponse, bytes: Uint8Array | undefined): void {
  if (bytes) (response as { end(bytes: Uint8Array): void }).end(bytes)
  else response.end()
}

async function sendPieces(
  request: AnyRequest,
  response: AnyResponse,
  status: number,
  headers: Headers,
  pieces: Iterable<Uint8Array>,
): Promise<void> {
  const zips = acceptsGzip(request)
  response.writeHead(status, {
    "cache-control": "no-cache, private",
    ...headers,
    ...(zips && { "content-encoding": "gzip", vary: "Accept-Encoding" }),
  })
  if (request.method === "HEAD") return void response.end()
  if (!zips) {
    await sendChunks(response, pieces)
    response.end()
    return
  }
  const gzip = createGzip({ level: 1 })
  gzip.pipe(response as NodeJS.WritableStream)
  for (const piece of pieces) if (!gzip.write(piece)) await once(gzip, "drain")
  gzip.end()
  await once(response, "finish")
}

async function sendChunks(
  response: AnyResponse,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const chunk of chunks) await send(response, chunk)
}

async function sendWatch(response: AnyResponse, { batches }: WatchBody): Promise<void> {
  for await (const batch of batches) {
    if (response.destroyed || response.writableEnded) return
    // A long initial state is sent in pieces, so that encoding it does not hold up everybody else.
    for (const piece of joined(batch.map((frame) => () => frame.encode()))) await send(response, piece)
  }
}

function* joined(encoders: readonly (() => Uint8Array)[]): Generator<Uint8Array> {
  let waiting: Uint8Array[] = []
  let length = 0
  for (const encode of encoders) {
    const bytes = encode()
    waiting.push(bytes)
    length += bytes.length
    if (length < pieceBytes) continue
    yield Buffer.concat(waiting, length)
    waiting = []
    length = 0
  }
  if (length > 0) yield waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting, length)
}

/** Resolves when there is room for more. */
async function send(response: AnyResponse, bytes: Uint8Array): Promise<void> {
  if ((response as { write(bytes: Uint8Array): boolean }).write(bytes)) return
  if (response.destroyed) throw new Error("the client has gone")
  await new Promise<void>((resolve, reject) => {
    const settle = () => {
      response.off("drain", settle)
      response.off("close", settle)
      if (response.destroyed) reject(new Error("the client has gone"))
      else resolve()
    }
    response.on("drain", settle)
    response.on("close", settle)
  })
}

/** One buffer when it is small, else a series of buffers of a size that is good to send. */
function gather(
  pieces: Iterable<Uint8Array>,
): { whole: Uint8Array; pieces?: undefined } | { whole?: undefined; pieces: Iterable<Uint8Array> } {
  const iterator = pieces[Symbol.iterator]()
  const first = nextBlock(iterator, gzipFromBytes)
  if (first.isLast) return { whole: first.bytes }
  return {
    pieces: (function* () {
      yield first.bytes
      for (;;) {
        const block = nextBlock(iterator, pieceBytes)
        if (block.bytes.length > 0) yield block.bytes
        if (block.isLast) return
      }
    })(),
  }
}

function nextBlock(
  iterator: Iterator<Uint8Array>,
  atLeastBytes: number,
): { bytes: Uint8Array; isLast: boolean } {
  const parts: Uint8Array[] = []
  let length = 0
  while (length < atLeastBytes) {
    const next = iterator.next()
    if (next.done)
      return { bytes: parts.length === 1 ? parts[0]! : Buffer.concat(parts, length), isLast: true }
    parts.push(next.value)
    length += next.value.length
  }
  return { bytes: Buffer.concat(parts, length), isLast: false }
}

function acceptsGzip(request: AnyRequest): boolean {
  return headerOf(request.headers, "accept-encoding")
    .split(",")
    .some((each) => each.split(";")[0]!.trim() === "gzip" && !/q=0(\.0*)?$/.test(each.trim()))
}
