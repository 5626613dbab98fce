import type { Clock } from "../../../base/clock.ts"
import { type IncomingUpgrade, isWebSocketUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { acceptSpdyCommand } from "./accept-spdy-command.ts"
import { acceptWebSocketCommand } from "./accept-web-socket-command.ts"
import type { CommandOptions, CommandResult, CommandStreams } from "./protocol.ts"
import { messageOf } from "../../../base/message-of.ts"

/** A client that waits for a program. */
export interface AcceptedCommand {
  readonly streams: CommandStreams
  /** Sends what was written, tells how it ended, and closes. To be called once; resolves when the client has gone. */
  finish(result: CommandResult): Promise<void>
}

/**
 * Serves one exec or attach to whoever asked for it, over SPDY or a WebSocket: the program's side of `kubectl exec`.
 * `run` gets the streams and gives the result; what it throws is told to the client. Resolves when all is over.
 *
 * @example
 * server.on("upgrade", (request, socket, head) =>
 *   serveCommand({ request, socket, head }, { stdin: true, stdout: true, stderr: false, tty: false }, clock,
 *     async ({ stdin, stdout }) => {
 *       for await (const chunk of stdin!) stdout!.write(chunk)
 *       return { exitCode: 0 }
 *     }))
 */
export async function serveCommand(
  upgrade: IncomingUpgrade,
  options: CommandOptions,
  clock: Clock,
  run: (streams: CommandStreams) => Promise<CommandResult>,
): Promise<void> {
  const accepted = isWebSocketUpgrade(upgrade)
    ? await acceptWebSocketCommand(upgrade, options)
    : await acceptSpdyCommand(upgrade, options, clock)
  if (!accepted) return
  const result = await run(accepted.streams).catch(
    (error: unknown): CommandResult => ({ error: messageOf(error) }),
  )
  await accepted.finish(result)
}

/** Reads `?stdin=true&tty=1` (clients) and `?input=1&output=1` (the API server to a kubelet). */
export function commandOptions(query: URLSearchParams): CommandOptions {
  const asked = (...names: string[]) => names.some((name) => /^(1|true)$/.test(query.get(name) ?? ""))
  const tty = asked("tty")
  return {
    stdin: asked("stdin", "input"),
    stdout: asked("stdout", "output"),
    // A terminal has one output.
    stderr: asked("stderr", "error") && !tty,
    tty,
  }
}
