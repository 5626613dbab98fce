import type { Duplex, Writable } from "node:stream"
import { type Clock, sleep } from "../../../base/clock.ts"
import {
  acceptUpgrade,
  type IncomingUpgrade,
  refuseUpgrade,
} from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { SpdyConnection } from "../../../base/real/spdy/spdy-connection.ts"
import type { SpdyStream } from "../../../base/real/spdy/spdy-stream.ts"
import type { AcceptedCommand } from "./accept-command.ts"
import {
  type CommandOptions,
  type CommandResult,
  protocolHeader,
  readTerminalSizes,
  spdyProtocols,
  statusOf,
} from "./protocol.ts"

/** How long a client may take to open the streams it announced. */
const openStreamsMs = 30_000
/** How long it may take to notice that all is said. */
const goodByeMs = 10_000

/** Answers a SPDY upgrade. Undefined when it was refused, with an answer, or the client did not go through with it. */
export async function acceptSpdyCommand(
  upgrade: IncomingUpgrade,
  options: CommandOptions,
  clock: Clock,
): Promise<AcceptedCommand | undefined> {
  const protocol = negotiate(upgrade, spdyProtocols)
  if (protocol === undefined) return undefined
  const wanted = wantedStreams(options, protocol)
  const streams = new Map<string, SpdyStream>()
  let complete!: () => void
  const isComplete = new Promise<void>((resolve) => (complete = resolve))
  const connection = new SpdyConnection(acceptSpdy(upgrade, protocol), "server", (stream) => {
    const type = stream.headers["streamtype"]?.[0] ?? ""
    if (!wanted.has(type) || streams.has(type)) return stream.reset()
    stream.accept()
    streams.set(type, stream)
    if (streams.size === wanted.size) complete()
  })
  await Promise.race([isComplete, connection.closed, sleep(clock, openStreamsMs)])
  if (streams.size < wanted.size) {
    connection.close()
    return undefined
  }
  return acceptedCommand(connection, streams, protocol, clock)
}

/** The newest version both know, by the client's preference; answers 403 and gives undefined when there is none. */
export function negotiate(upgrade: IncomingUpgrade, known: readonly string[]): string | undefined {
  const offered = String(upgrade.request.headers[protocolHeader.toLowerCase()] ?? "")
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "")
  // Clients from before there were versions offer none.
  if (offered.length === 0) return ""
  const common = offered.find((protocol) => known.includes(protocol))
  if (common === undefined) {
    const headers = known.flatMap((protocol) => ["X-Accepted-Stream-Protocol-Versions", protocol])
    const text = `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(" ")}], server accepts [${known.join(" ")}]`
    refuseUpgrade(upgrade, 403, text, ["Content-Type", "text/plain; charset=utf-8", ...headers])
  }
  return common
}

export function acceptSpdy(upgrade: IncomingUpgrade, protocol: string): Duplex {
  return acceptUpgrade(upgrade, [
    "Connection",
    "Upgrade",
    "Upgrade",
    "SPDY/3.1",
    ...(protocol ? [protocolHeader, protocol] : []),
  ])
}

function wantedStreams(options: CommandOptions, protocol: string): Set<string> {
  const wanted = new Set(["error"])
  if (options.stdin) wanted.add("stdin")
  if (options.stdout) wanted.add("stdout")
  if (options.stderr && !options.tty) wanted.add("stderr")
  if (options.tty && (protocol.startsWith("v3") || protocol.startsWith("v4"))) wanted.add("resize")
  return wanted
}

function acceptedCommand(
  connection: SpdyConnection,
  streams: ReadonlyMap<string, SpdyStream>,
  protocol: string,
  clock: Clock,
): AcceptedCommand {
  const gone = new AbortController()
  void connection.closed.then(() => gone.abort())
  const duplex = (type: string) => streams.get(type)?.duplex
  const sizes = duplex("resize")
  return {
    streams: {
      stdin: duplex("stdin"),
      stdout: duplex("stdout"),
      stderr: duplex("stderr"),
      terminalSizes: sizes ? readTerminalSizes(sizes) : noSizes(),
      signal: gone.signal,
    },
    async finish(result) {
      const outputs = [duplex("stdout"), duplex("stderr")].filter((stream) => stream !== undefined)
      await Promise.all(outputs.map((stream) => endOutput(stream)))
      await endOutput(duplex("error")!, errorText(result, protocol))
      connection.close()
      await Promise.race([connection.closed, sleep(clock, goodByeMs)])
      connection.destroy()
    },
  }
}

function errorText(result: CommandResult, protocol: string): string {
  const status = statusOf(result)
  if (protocol.startsWith("v4")) return JSON.stringify(status)
  return status.status === "Success" ? "" : (status.message ?? "the command failed")
}

function endOutput(stream: Writable, last = ""): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableFinished) return resolve()
    stream.once("close", resolve)
    stream.end(last, () => resolve())
  })
}

async function* noSizes(): AsyncGenerator<never, void, void> {}
