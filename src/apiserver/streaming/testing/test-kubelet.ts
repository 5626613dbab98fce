import { createServer, type Server } from "node:https"
import { connect } from "node:net"
import { realClock } from "../../../base/real/clock.ts"
import type { IncomingUpgrade } from "../../../base/real/http-upgrade/incoming-upgrade.ts"
import { commandOptions, serveCommand } from "../../../client/real/remote-command/accept-command.ts"
import { servePortForward } from "../../../client/real/remote-command/port-forward.ts"
import type { CommandResult, CommandStreams } from "../../../client/real/remote-command/protocol.ts"
import type { TestCertificates } from "../../serve/testing.ts"

export interface TestKubelet {
  readonly port: number
  /** Paths and client names of what was asked, in order. */
  readonly asked: string[]
  close(): void
}

/** A kubelet whose containers are this function: what a command does, told by its words. */
export type Program = (command: readonly string[], streams: CommandStreams) => Promise<CommandResult>

/** Listens like a kubelet: exec, attach, port-forward to this machine, logs. Wants a certificate of the authority. */
export async function startTestKubelet(
  certificates: TestCertificates,
  program: Program,
): Promise<TestKubelet> {
  const { certificate, key } = certificates.server
  const asked: string[] = []
  const server = createServer({
    cert: certificate,
    key,
    ca: certificates.authority,
    requestCert: true,
    rejectUnauthorized: true,
  })
  const note = (upgrade: Pick<IncomingUpgrade, "request">) => {
    const { socket, url = "" } = upgrade.request
    const peer = (
      socket as { getPeerCertificate?: () => { subject?: { CN?: string } } }
    ).getPeerCertificate?.()
    asked.push(`${url} by ${peer?.subject?.CN}`)
    return new URL(url, "https://kubelet")
  }
  server.on("request", (request, response) => {
    const { pathname } = note({ request })
    if (pathname.endsWith("/missing")) response.writeHead(400).end('container "missing" is waiting to start')
    else response.writeHead(200, { "content-type": "text/plain" }).end("line 1\nline 2\n")
  })
  server.on("upgrade", (request, socket, head) => {
    const upgrade = { request, socket, head }
    const { pathname, searchParams } = note(upgrade)
    const ports = searchParams.getAll("port").flatMap((list) => list.split(",").map(Number))
    const served = pathname.startsWith("/portForward")
      ? servePortForward(upgrade, ports, realClock, connectPort)
      : serveCommand(upgrade, commandOptions(searchParams), realClock, (streams) =>
          program(searchParams.getAll("command"), streams),
        )
    served.catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return { port: portOf(server), asked, close: () => closeAll(server) }
}

async function connectPort(port: number) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true })
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject))
  return socket
}

function portOf(server: Server): number {
  return (server.address() as { port: number }).port
}

function closeAll(server: Server): void {
  server.closeAllConnections()
  server.close()
}
