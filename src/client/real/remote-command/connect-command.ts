import type { Readable, Writable } from "node:stream"
import {
  dialUpgrade,
  type UpgradeAnswer,
  type UpgradeTarget,
} from "../../../base/real/http-upgrade/dial-upgrade.ts"
import { SpdyConnection } from "../../../base/real/spdy/spdy-connection.ts"
import {
  type CommandOptions,
  type CommandResult,
  encodeSize,
  protocolHeader,
  resultOf,
  spdyProtocols,
  type TerminalSize,
} from "./protocol.ts"

/** A program elsewhere, as its user's side holds it. */
export interface RemoteCommand {
  readonly stdin: Writable | undefined
  readonly stdout: Readable | undefined
  readonly stderr: Readable | undefined
  resize(size: TerminalSize): void
  /** How it ended; never rejects. Output may still have to be read. */
  readonly result: Promise<CommandResult>
  /** Gives up. */
  close(): void
}

export type ConnectAnswer =
  | { readonly kind: "connected"; readonly command: RemoteCommand }
  | Extract<UpgradeAnswer, { kind: "refused" }>

/** Starts an exec or attach on a server that speaks SPDY: a kubelet, or a container runtime. */
export async function connectCommand(
  target: Omit<UpgradeTarget, "headers">,
  options: CommandOptions,
): Promise<ConnectAnswer> {
  const headers = { Connection: "Upgrade", Upgrade: "SPDY/3.1", [protocolHeader]: [...spdyProtocols] }
  const answer = await dialUpgrade({ ...target, headers })
  if (answer.kind === "refused") return answer
  const protocol = String(answer.headers[protocolHeader.toLowerCase()] ?? "")
  const connection = new SpdyConnection(answer.socket, "client")
  return { kind: "connected", command: openStreams(connection, protocol, options) }
}

function openStreams(connection: SpdyConnection, protocol: string, options: CommandOptions): RemoteCommand {
  const open = (type: string, writeNothing: boolean) =>
    connection.open({ streamtype: [type] }, { writeNothing }).duplex
  const errors = open("error", true)
  const stdin = options.stdin ? open("stdin", false) : undefined
  const stdout = options.stdout ? open("stdout", true) : undefined
  const stderr = options.stderr && !options.tty ? open("stderr", true) : undefined
  const hasSizes = options.tty && /^v[34]\./.test(protocol)
  const sizes = hasSizes ? open("resize", false) : undefined
  return {
    stdin,
    stdout,
    stderr,
    resize: (size) => void sizes?.write(encodeSize(size)),
    result: readResult(errors, protocol),
    close: () => connection.close(),
  }
}

async function readResult(errors: Readable, protocol: string): Promise<CommandResult> {
  const told = await readUntilGone(errors)
  // Since v4 success is told as well: a connection that just ends is not success.
  if (told === "" && protocol.startsWith("v4"))
    return { error: "the connection ended before the command did" }
  return resultOf(told)
}

/** What came, also when the connection was closed right behind it, as container runtimes do. */
async function readUntilGone(stream: Readable): Promise<string> {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk as Uint8Array)
  } catch {
    // Whoever reads judges by what was told.
  }
  return Buffer.concat(chunks).toString("utf8")
}
