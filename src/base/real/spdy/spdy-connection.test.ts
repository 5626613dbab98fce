import { createHash, randomBytes } from "node:crypto"
import { connect, createServer, type Socket } from "node:net"
import { Duplex } from "node:stream"
import { buffer, text } from "node:stream/consumers"
import { createDeflate, constants } from "node:zlib"
import { afterEach, describe, expect, it } from "vitest"
import { headerDictionary, headerDictionaryId } from "./dictionary.ts"
import { readFrames } from "./frames.ts"
import { HeaderReader, HeaderWriter, type SpdyHeaders } from "./header-block.ts"
import { SpdyConnection } from "./spdy-connection.ts"
import type { SpdyStream } from "./spdy-stream.ts"

const open: SpdyConnection[] = []
afterEach(() => open.splice(0).forEach((connection) => connection.destroy()))

async function pair(onStream: (stream: SpdyStream) => unknown) {
  const server = createServer()
  const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const socket = connect((server.address() as { port: number }).port, "127.0.0.1")
  const far = await accepted
  server.close()
  const sides = {
    client: new SpdyConnection(socket, "client"),
    server: new SpdyConnection(far, "server", onStream),
  }
  open.push(sides.client, sides.server)
  return { ...sides, socket }
}

const hash = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex")

const echo = (stream: SpdyStream) => {
  stream.accept()
  stream.duplex.pipe(stream.duplex)
}

describe("a header block", () => {
  it("goes through the dictionary that its id names", () => {
    expect(headerDictionary.length).toBe(1423)
    let a = 1
    let b = 0
    for (const byte of headerDictionary) {
      a = (a + byte) % 65521
      b = (b + a) % 65521
    }
    expect(b * 65536 + a).toBe(headerDictionaryId)
  })

  it("is read back, one after the other", async () => {
    const writer = new HeaderWriter()
    const reader = new HeaderReader()
    const blocks: SpdyHeaders[] = [{ streamtype: ["stdin"] }, { many: ["a", "b"], empty: [""] }, {}]
    for (const headers of blocks) expect(await reader.decode(writer.encode(headers))).toEqual(headers)
    reader.close()
  })

  it("is read when really compressed", async () => {
    const deflate = createDeflate({ dictionary: headerDictionary })
    const compress = (plain: Buffer) =>
      new Promise<Buffer>((resolve) => {
        deflate.write(plain)
        deflate.flush(constants.Z_SYNC_FLUSH, () => resolve(deflate.read() as Buffer))
      })
    const plain = (value: string) => {
      const bytes = Buffer.alloc(4 + 4 + 6 + 4 + value.length)
      bytes.writeUInt32BE(1, 0)
      bytes.writeUInt32BE(6, 4)
      bytes.write("status", 8)
      bytes.writeUInt32BE(value.length, 14)
      bytes.write(value, 18)
      return bytes
    }
    const reader = new HeaderReader()
    expect(await reader.decode(await compress(plain("200 OK")))).toEqual({ status: ["200 OK"] })
    expect(await reader.decode(await compress(plain("404")))).toEqual({ status: ["404"] })
    await expect(reader.decode(await compress(Buffer.alloc(1_000_000)))).rejects.toThrow()
  })
})

describe("a connection", () => {
  it("carries many streams at once", async () => {
    const { client } = await pair(echo)
    const payloads = Array.from({ length: 20 }, (_, index) => randomBytes(index * 10_007))
    const answers = await Promise.all(
      payloads.map(async (payload) => {
        const stream = client.open({ streamtype: ["data"] })
        await stream.accepted
        stream.duplex.end(payload)
        return buffer(stream.duplex)
      }),
    )
    expect(answers.map(hash)).toEqual(payloads.map(hash))
    await client.ping()
    expect(client.openStreams).toBe(0)
  })

  it("ends each direction by itself", async () => {
    const { client } = await pair(async (stream) => {
      stream.accept()
      stream.duplex.end("first")
      const rest = await text(stream.duplex)
      stream.duplex.destroy()
      received(rest)
    })
    let received!: (rest: string) => void
    const rest = new Promise<string>((resolve) => (received = resolve))
    const stream = client.open({})
    expect(await text(stream.duplex)).toBe("first")
    stream.duplex.end("second")
    expect(await rest).toBe("second")
  })

  it("passes headers on and tells refusals", async () => {
    const seen: unknown[] = []
    const { client } = await pair((stream) => {
      seen.push(stream.headers)
      if (stream.headers["port"]?.[0] === "80") stream.accept({ ok: ["yes"] })
      else stream.reset()
    })
    expect(await client.open({ port: ["80"] }).accepted).toEqual({ ok: ["yes"] })
    const refused = client.open({ port: ["81"] })
    await expect(refused.accepted).rejects.toThrow("the peer reset the stream")
    expect(refused.duplex.destroyed).toBe(true)
    expect(seen).toEqual([{ port: ["80"] }, { port: ["81"] }])
  })

  it("holds back a writer whose reader does not read, and loses nothing", async () => {
    let stream!: SpdyStream
    const { client } = await pair((opened) => {
      stream = opened
      opened.accept()
    })
    const payload = randomBytes(24 * 1024 * 1024)
    const out = client.open({})
    await out.accepted
    let written = false
    out.duplex.end(payload, () => (written = true))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(written).toBe(false)
    expect(stream.duplex.readableLength).toBeLessThan(3 * 1024 * 1024)
    expect(hash(await buffer(stream.duplex))).toBe(hash(payload))
  })

  it("ends all streams when it breaks", async () => {
    const { client, socket } = await pair((stream) => stream.accept())
    const stream = client.open({})
    await stream.accepted
    socket.destroy()
    expect(await text(stream.duplex)).toBe("")
    await client.closed
    await expect(client.open({}).accepted).rejects.toThrow("the connection is closed")
  })

  it("says good-bye, and what was written before still arrives", async () => {
    let got!: (all: string) => void
    const all = new Promise<string>((resolve) => (got = resolve))
    const { client, server } = await pair((stream) => {
      stream.accept()
      void text(stream.duplex).then(got)
    })
    client.open({}).duplex.end("last words")
    client.close()
    await server.closed
    expect(await all).toBe("last words")
  })

  it("ends at once when the peer speaks another version", async () => {
    const { server, socket } = await pair(echo)
    socket.write(Buffer.from("8002000100000004", "hex"))
    await server.closed
    await new Promise((resolve) => socket.once("close", resolve))
  })
})

describe("readFrames", () => {
  it("gives the same frames however the bytes are cut", async () => {
    const sent: Buffer[] = []
    const sink = new Duplex({ read() {}, write: (chunk: Buffer, _e, done) => (sent.push(chunk), done()) })
    const connection = new SpdyConnection(sink, "client")
    const stream = connection.open({ streamtype: ["error"] })
    stream.duplex.write("hello")
    stream.duplex.end("world")
    await new Promise((resolve) => stream.duplex.once("finish", resolve))
    connection.destroy()
    const bytes = Buffer.concat(sent)
    const framesOf = async (size: number) => {
      const cut = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      )
      let data = ""
      const types: number[] = []
      for await (const frame of readFrames(
        (async function* () {
          yield* cut
        })(),
      ))
        if (frame.kind === "data") data += frame.bytes.toString() + (frame.isLast ? "!" : "")
        else types.push(frame.type)
      return { data, types }
    }
    for (const size of [1, 3, 7, 8, 9, 1000])
      expect(await framesOf(size)).toEqual({ data: "helloworld!", types: [1] })
  })

  it("refuses other versions and frames without bounds", async () => {
    const read = async (hex: string) => {
      for await (const _ of readFrames(
        (async function* () {
          yield Buffer.from(hex, "hex")
        })(),
      ))
        void _
    }
    await expect(read("8002000100000004")).rejects.toThrow("version 2")
    await expect(read("8003000100ffffff")).rejects.toThrow("too large")
  })
})
