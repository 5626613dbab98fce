import { createServer, type Server } from "node:http"
import { connect, createServer as createTcpServer } from "node:net"
import { buffer, text } from "node:stream/consumers"
import { afterEach, describe, expect, it } from "vitest"
import { WebSocket } from "ws"
import { realClock } from "../../../base/real/clock.ts"
import { dialUpgrade } from "../../../base/real/http-upgrade/dial-upgrade.ts"
import type { IncomingUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { SpdyConnection } from "../../../base/real/spdy/spdy-connection.ts"
import { SimulatedClock } from "../../../base/simulated/clock.ts"
import { commandOptions, serveCommand } from "./accept-command.ts"
import { connectCommand, type RemoteCommand } from "./connect-command.ts"
import { servePortForward } from "./port-forward.ts"
import type { CommandResult, CommandStreams } from "./protocol.ts"

const servers: Server[] = []
afterEach(() =>
  servers.splice(0).forEach((server) => {
    server.closeAllConnections()
    server.close()
  }),
)

async function listen(
  onUpgrade: (upgrade: IncomingUpgrade, query: URLSearchParams) => void,
): Promise<string> {
  const server = createServer()
  server.on("upgrade", (request, socket, head) =>
    onUpgrade({ request, socket, head }, new URL(request.url!, "http://x").searchParams),
  )
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return `127.0.0.1:${(server.address() as { port: number }).port}`
}

const serve = (run: (streams: CommandStreams) => Promise<CommandResult>) =>
  listen((upgrade, query) => void serveCommand(upgrade, commandOptions(query), realClock, run))

/** Says what it read, complains, and exits as told. */
async function program({ stdin, stdout, stderr }: CommandStreams): Promise<CommandResult> {
  const input = stdin ? await text(stdin) : ""
  stdout?.write(`read ${input}`)
  stderr?.write("oops")
  return { exitCode: Number(input) || 0 }
}

async function start(address: string, query: string): Promise<RemoteCommand> {
  const url = new URL(`http://${address}/exec?${query}`)
  const answer = await connectCommand({ url }, commandOptions(url.searchParams))
  if (answer.kind === "refused") throw new Error(answer.body.toString())
  return answer.command
}

describe("a command over SPDY", () => {
  it("has its input, outputs and exit code", async () => {
    const command = await start(await serve(program), "stdin=1&stdout=1&stderr=1")
    command.stdin!.end("42")
    expect(await text(command.stdout!)).toBe("read 42")
    expect(await text(command.stderr!)).toBe("oops")
    expect(await command.result).toEqual({ exitCode: 42 })
  })

  it("tells success, and why it failed", async () => {
    const fine = await start(await serve(program), "output=1")
    expect(await text(fine.stdout!)).toBe("read ")
    expect(await fine.result).toEqual({ exitCode: 0 })
    const failing = await start(
      await serve(() => Promise.reject(new Error("no such container"))),
      "stdout=true",
    )
    expect(await failing.result).toMatchObject({
      status: { reason: "InternalError", message: "Internal error occurred: no such container" },
    })
  })

  it("knows the terminal's size", async () => {
    const address = await serve(async ({ terminalSizes, stdout, stderr }) => {
      for await (const { width, height } of terminalSizes) {
        stdout!.write(`${width}x${height} ${stderr === undefined};`)
        if (width === 100) break
      }
      return { exitCode: 0 }
    })
    const command = await start(address, "stdin=1&stdout=1&stderr=1&tty=1")
    command.resize({ width: 80, height: 24 })
    command.resize({ width: 100, height: 30 })
    expect(await text(command.stdout!)).toBe("80x24 true;100x30 true;")
  })

  it("loses nothing of a big output", async () => {
    const address = await serve(async ({ stdout }) => {
      for (let line = 0; line < 5000; line++)
        if (!stdout!.write(Buffer.alloc(4096, line & 0xff)))
          await new Promise((resolve) => stdout!.once("drain", resolve))
      return { exitCode: 0 }
    })
    const command = await start(address, "stdout=1")
    expect((await buffer(command.stdout!)).length).toBe(5000 * 4096)
  })

  it("learns that its client has gone", async () => {
    let gone!: () => void
    const noticed = new Promise<void>((resolve) => (gone = resolve))
    const address = await serve(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve))
      gone()
      return { exitCode: 0 }
    })
    const command = await start(address, "stdin=1&stdout=1")
    command.close()
    await noticed
    expect(await command.result).toEqual({ error: "the connection ended before the command did" })
  })

  it("is refused in a version nobody knows, and when streams are missing", async () => {
    const address = await serve(program)
    const headers = {
      Connection: "Upgrade",
      Upgrade: "SPDY/3.1",
      "X-Stream-Protocol-Version": "v9.channel.k8s.io",
    }
    const answer = await dialUpgrade({ url: new URL(`http://${address}/exec`), headers })
    expect(answer).toMatchObject({ kind: "refused", status: 403 })

    const clock = new SimulatedClock()
    let runs = 0
    const waiting = await listen((upgrade, query) => {
      void serveCommand(upgrade, commandOptions(query), clock, async () => {
        runs++
        return { exitCode: 0 }
      })
    })
    const half = await dialUpgrade({
      url: new URL(`http://${waiting}/exec?stdin=1`),
      headers: { ...headers, "X-Stream-Protocol-Version": "v4.channel.k8s.io" },
    })
    if (half.kind !== "upgraded") throw new Error("refused")
    const connection = new SpdyConnection(half.socket, "client")
    await connection.open({ streamtype: ["error"] }).accepted
    await clock.advance(31_000)
    await connection.closed
    expect(runs).toBe(0)
  })
})

describe("a command over a WebSocket", () => {
  interface Channels {
    readonly [channel: number]: string
  }
  /** Sends the messages and gives what came on each channel, with the protocol that was chosen. */
  function talk(
    url: string,
    protocols: string[],
    messages: (string | Buffer)[],
  ): Promise<[string, Channels]> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url, protocols)
      const got: Record<number, string> = {}
      socket.on("open", () => messages.forEach((message) => socket.send(message)))
      socket.on("message", (data: Buffer, isBinary) => {
        const channel = isBinary ? data[0]! : Number(String.fromCharCode(data[0]!))
        const rest = isBinary ? data.subarray(1) : Buffer.from(data.subarray(1).toString(), "base64")
        got[channel] = (got[channel] ?? "") + rest.toString()
      })
      socket.on("error", reject)
      socket.on("close", () => resolve([socket.protocol, got]))
    })
  }
  const message = (channel: number, body: string | Buffer) =>
    Buffer.concat([Buffer.of(channel), Buffer.from(body)])

  it("has its input, outputs and exit code", async () => {
    const address = await serve(program)
    const offered = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
    const [protocol, got] = await talk(`ws://${address}/exec?stdin=1&stdout=1&stderr=1`, offered, [
      message(0, "4"),
      message(0, "2"),
      message(255, Buffer.of(0)),
    ])
    expect(protocol).toBe("v5.channel.k8s.io")
    expect(got[1]).toBe("read 42")
    expect(got[2]).toBe("oops")
    expect(JSON.parse(got[3]!)).toEqual({
      metadata: {},
      status: "Failure",
      message: "command terminated with non-zero exit code: exit code 42",
      reason: "NonZeroExitCode",
      details: { causes: [{ reason: "ExitCode", message: "42" }] },
    })
  })

  it("goes as text where bytes cannot", async () => {
    const address = await serve(async ({ stdin, stdout, terminalSizes }) => {
      for await (const size of terminalSizes) {
        stdout!.write(JSON.stringify(size))
        break
      }
      for await (const chunk of stdin!) {
        stdout!.write(chunk)
        break
      }
      return { exitCode: 0 }
    })
    const text64 = (channel: number, body: string) => `${channel}${Buffer.from(body).toString("base64")}`
    const [protocol, got] = await talk(
      `ws://${address}/exec?stdin=1&stdout=1&tty=1`,
      ["v4.base64.channel.k8s.io"],
      [text64(4, '{"Width":80,"Height":24}'), text64(0, "hi")],
    )
    expect(protocol).toBe("v4.base64.channel.k8s.io")
    expect(got[1]).toBe('{"width":80,"height":24}hi')
    expect(JSON.parse(got[3]!)).toEqual({ metadata: {}, status: "Success" })
  })

  it("is refused in a version nobody knows", async () => {
    const address = await serve(program)
    await expect(talk(`ws://${address}/exec`, ["v9.channel.k8s.io"], [])).rejects.toThrow("403")
  })
})

describe("port forwarding", () => {
  async function echoServer() {
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    servers.push(Object.assign(server, { closeAllConnections() {} }) as unknown as Server)
    return (server.address() as { port: number }).port
  }
  const connectPort = async (port: number) => {
    if (port === 1) throw new Error("connection refused inside the pod")
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject))
    return socket
  }
  const serveForward = () =>
    listen((upgrade, query) => {
      void servePortForward(upgrade, query.getAll("ports").map(Number), realClock, connectPort)
    })

  async function connectForward() {
    const headers = {
      Connection: "Upgrade",
      Upgrade: "SPDY/3.1",
      "X-Stream-Protocol-Version": "portforward.k8s.io",
    }
    const answer = await dialUpgrade({ url: new URL(`http://${await serveForward()}/portForward`), headers })
    if (answer.kind !== "upgraded") throw new Error("refused")
    return new SpdyConnection(answer.socket, "client")
  }

  it("carries connections over pairs of streams", async () => {
    const port = String(await echoServer())
    const connection = await connectForward()
    const answers = await Promise.all(
      ["0", "1", "2"].map(async (requestid) => {
        const headers = { port: [port], requestid: [requestid] }
        const error = connection.open({ ...headers, streamtype: ["error"] }, { writeNothing: true })
        const data = connection.open({ ...headers, streamtype: ["data"] })
        data.duplex.end(`hello ${requestid}`)
        return [await text(data.duplex), await text(error.duplex)]
      }),
    )
    expect(answers).toEqual([
      ["hello 0", ""],
      ["hello 1", ""],
      ["hello 2", ""],
    ])
    connection.close()
    await connection.closed
  })

  it("tells what went wrong with one of them", async () => {
    const connection = await connectForward()
    const error = connection.open({ port: ["1"], streamtype: ["error"] }, { writeNothing: true })
    const data = connection.open({ port: ["1"], streamtype: ["data"] })
    expect(await text(error.duplex)).toBe("connection refused inside the pod")
    expect(await text(data.duplex)).toBe("")
    connection.destroy()
  })

  it("speaks the older WebSocket form", async () => {
    const port = await echoServer()
    const socket = new WebSocket(`ws://${await serveForward()}/?ports=${port}&ports=1`, ["v4.channel.k8s.io"])
    const got: Record<number, string> = {}
    await new Promise<void>((resolve) => {
      socket.on("message", (data: Buffer) => {
        got[data[0]!] = (got[data[0]!] ?? "") + data.subarray(1).toString("latin1")
        if (got[0]?.endsWith("hello") && got[3]!.length > 2) resolve()
      })
      socket.on("open", () => socket.send(Buffer.concat([Buffer.of(0), Buffer.from("hello")])))
    })
    const portText = String.fromCharCode(port & 0xff, port >> 8)
    expect(got).toEqual({
      0: `${portText}hello`,
      1: portText,
      2: "\x01\x00",
      3: "\x01\x00connection refused inside the pod",
    })
    socket.close()
  })
})
