import type { Readable, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import type { UpgradeTarget } from "../../../base/real/http-upgrade/dial-upgrade.ts"
import { type IncomingUpgrade, isWebSocketUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { messageOf } from "../../../base/message-of.ts"
import { offeredProtocols } from "../../../base/real/websocket.ts"
import type { AcceptedCommand } from "./accept-command.ts"
import { acceptWebSocketCommand } from "./accept-web-socket-command.ts"
import { connectCommand } from "./connect-command.ts"
import type { CommandOptions, CommandResult } from "./protocol.ts"

/** The newest kind, which alone is translated: it can tell the end of the input. */
const newest = "v5.channel.k8s.io"

export function offersNewestWebSocket(upgrade: IncomingUpgrade): boolean {
  return isWebSocketUpgrade(upgrade) && offeredProtocols(upgrade).includes(newest)
}

export interface RelayOptions {
  readonly target: Omit<UpgradeTarget, "headers">
  readonly command: CommandOptions
  /** What the client is told when the target cannot be reached. @default the error's own text */
  readonly describe?: (error: unknown) => string
}

/**
 * An exec or attach that came over a WebSocket of the newest kind, from a server that speaks SPDY. Resolves when the client has
 * been answered, with a promise of the end.
 */
export async function relayCommand(
  upgrade: IncomingUpgrade,
  options: RelayOptions,
): Promise<{ readonly ended: Promise<void> }> {
  const accepted = await acceptWebSocketCommand(upgrade, options.command, [newest])
  return { ended: accepted ? relayAccepted(accepted, options) : Promise.resolve() }
}

async function relayAccepted(
  accepted: AcceptedCommand,
  { target, command: options, describe = messageOf }: RelayOptions,
): Promise<void> {
  const answer = await connectCommand(target, options).catch(describe)
  if (typeof answer === "string") return accepted.finish({ error: answer })
  if (answer.kind === "refused") {
    const error = `unable to upgrade connection: ${answer.body.toString("utf8")}`
    return accepted.finish({ error })
  }
  const { command } = answer
  const { streams } = accepted
  streams.signal.addEventListener("abort", () => command.close(), { once: true })
  if (streams.signal.aborted) command.close()
  // Neither end of the input tells anything: the command may stop reading, the client may stop writing.
  void relay(streams.stdin, command.stdin)
  void relaySizes(streams.terminalSizes, command)
  const outputs = [relay(command.stdout, streams.stdout), relay(command.stderr, streams.stderr)]
  const result: CommandResult = await command.result
  await Promise.all(outputs)
  await accepted.finish(result)
  command.close()
}

async function relay(from: Readable | undefined, to: Writable | undefined): Promise<void> {
  if (from && to) await pipeline(from, to).catch(() => {})
}

async function relaySizes(
  sizes: AcceptedCommand["streams"]["terminalSizes"],
  command: { resize(size: { width: number; height: number }): void },
): Promise<void> {
  for await (const size of sizes) command.resize(size)
}
