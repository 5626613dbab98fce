import type { Readable, Writable } from "node:stream"
import type { Status } from "../../../apimachinery/status-error.ts"

/*
 * How `kubectl exec` and `attach` reach a program: up to five streams, over SPDY or a WebSocket
 * (https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets).
 * The versions of the subprotocol only ever added: v2 stream accepting, v3 terminal sizes, v4 exit codes as a Status,
 * v5 (WebSocket alone) the end of stdin.
 */

/** Newest first. */
export const spdyProtocols = [
  "v4.channel.k8s.io",
  "v3.channel.k8s.io",
  "v2.channel.k8s.io",
  "channel.k8s.io",
] as const

/** Newest first. "base64" ones carry text, for clients that cannot do bytes. */
export const webSocketProtocols = [
  "v5.channel.k8s.io",
  "v5.base64.channel.k8s.io",
  "v4.channel.k8s.io",
  "v4.base64.channel.k8s.io",
  "channel.k8s.io",
  "base64.channel.k8s.io",
] as const

/** Names the negotiated version over SPDY, in both directions. */
export const protocolHeader = "X-Stream-Protocol-Version"

/** The first byte of a WebSocket message. */
export const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

export interface TerminalSize {
  readonly width: number
  readonly height: number
}

/** Which streams the client wants; with a terminal, stdout carries everything. */
export interface CommandOptions {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/** The streams as the program's side holds them; undefined where the client did not ask for one. */
export interface CommandStreams {
  readonly stdin: Readable | undefined
  readonly stdout: Writable | undefined
  readonly stderr: Writable | undefined
  /** As the terminal changes; ends with the connection. Empty without a terminal. */
  readonly terminalSizes: AsyncIterable<TerminalSize>
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal
}

export type CommandResult =
  | { readonly exitCode: number }
  /** It could not be run, or its end is unknown. */
  | { readonly error: string }
  /** As another server told it. */
  | { readonly status: CommandStatus }

/** A Status whose reasons are those of commands beside the API's. */
export type CommandStatus = Omit<Partial<Status>, "reason"> & { readonly reason?: string }

/** What is told on the error stream from v4 on. */
export function statusOf(result: CommandResult): CommandStatus {
  if ("status" in result) return result.status
  if ("error" in result) {
    const message = `Internal error occurred: ${result.error}`
    const details = { causes: [{ message: result.error }] }
    return { metadata: {}, status: "Failure", message, reason: "InternalError", details, code: 500 }
  }
  if (result.exitCode === 0) return { metadata: {}, status: "Success" }
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: exit code ${result.exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(result.exitCode) }] },
  }
}

/** The text of an error stream, as far as it tells anything. */
export function resultOf(errorText: string): CommandResult {
  if (errorText === "") return { exitCode: 0 }
  let status: CommandStatus
  try {
    status = JSON.parse(errorText) as CommandStatus
  } catch {
    return { error: errorText }
  }
  if (status.status === "Success") return { exitCode: 0 }
  if (status.reason !== "NonZeroExitCode") return { status }
  const cause = status.details?.causes?.find(({ reason }) => reason === "ExitCode")
  return { exitCode: Number(cause?.message ?? 1) }
}

/** The sizes in a resize stream: JSON objects one after the other. */
export async function* readTerminalSizes(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<TerminalSize, void, void> {
  let text = ""
  for await (const chunk of chunks) {
    text += chunk.toString("utf8")
    for (let end = text.indexOf("}"); end >= 0; end = text.indexOf("}")) {
      const size = parseSize(text.slice(0, end + 1))
      text = text.slice(end + 1)
      if (size) yield size
    }
  }
}

export function parseSize(text: string): TerminalSize | undefined {
  try {
    const size = JSON.parse(text) as Record<string, unknown>
    const width = size["Width"] ?? size["width"]
    const height = size["Height"] ?? size["height"]
    return typeof width === "number" && typeof height === "number" ? { width, height } : undefined
  } catch {
    return undefined
  }
}

export function encodeSize({ width, height }: TerminalSize): string {
  return `${JSON.stringify({ Width: width, Height: height })}\n`
}
