import type { Duplex } from "node:stream"
import { dialUpgrade, type UpgradeAnswer, type UpgradeTarget } from "./dial-upgrade.ts"
import { acceptUpgrade, type IncomingUpgrade, refuseUpgrade } from "./incoming-upgrade.ts"

/**
 * Passes an upgrade on to another server, whatever the protocol: its answer goes back to the client, and from then on
 * bytes go both ways untouched. Resolves when the client has been answered, with a promise of the end; rejects when the
 * other server cannot be reached, and then the client has not been answered.
 */
export async function tunnelUpgrade(
  upgrade: IncomingUpgrade,
  target: UpgradeTarget,
): Promise<{ readonly ended: Promise<void> }> {
  const answer = await dialUpgrade(target)
  if (answer.kind === "upgraded")
    return { ended: splice(acceptUpgrade(upgrade, answer.rawHeaders), answer.socket) }
  relayRefusal(upgrade, answer)
  return { ended: Promise.resolve() }
}

/** Tells the client what the other server said instead of upgrading. */
export function relayRefusal(
  upgrade: IncomingUpgrade,
  answer: Extract<UpgradeAnswer, { kind: "refused" }>,
): void {
  const type = answer.headers["content-type"] ?? "text/plain; charset=utf-8"
  // A redirect could send the client, with its credentials, anywhere.
  const status = answer.status < 400 ? 502 : answer.status
  refuseUpgrade(upgrade, status, answer.body, ["Content-Type", type])
}

/** Bytes both ways. When one side is gone, the other still gets what was written to it. Resolves when both are gone. */
export function splice(a: Duplex, b: Duplex): Promise<void> {
  const pass = (from: Duplex, to: Duplex): Promise<void> =>
    new Promise((resolve) => {
      from.on("error", () => {})
      from.once("close", () => {
        endThenDestroy(to)
        resolve()
      })
      from.pipe(to)
    })
  return Promise.all([pass(a, b), pass(b, a)]).then(() => {})
}

function endThenDestroy(stream: Duplex): void {
  if (stream.writableFinished) stream.destroy()
  else stream.end(() => stream.destroy())
}
