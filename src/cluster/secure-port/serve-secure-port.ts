import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { isStatusError, StatusError } from "../../apimachinery/status-error.ts"
import { type Clock, sleep } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { answerWithPage, type Pages, readPageRequest } from "../../base/real/serve-pages.ts"
import type { Client } from "../../client/client.ts"
import { DelegatedAccess } from "./delegated-access.ts"

export interface SecurePortOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** PEM. */
  readonly serving: { readonly certificate: string; readonly key: string }
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  readonly pages: Pages
}

const authorities = { namespace: "kube-system", name: "extension-apiserver-authentication" }
const askAgainMs = 60_000

/** What a component that runs by itself tells of itself, over HTTPS, to those who may. Gives the port. Ends with `signal`. */
export async function serveSecurePort(options: SecurePortOptions): Promise<number> {
  const { host, port, serving, log, signal } = options
  // Those without a certificate may have a token.
  const server = createServer({
    cert: serving.certificate,
    key: serving.key,
    requestCert: true,
    rejectUnauthorized: false,
  })
  const access = new DelegatedAccess(options)
  server.on("request", (request, response) => void answer(request, response, access, options))
  server.on("tlsClientError", (error) => log.debug("TLS handshake failed", { error: String(error) }))
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, resolve)
  })
  signal.addEventListener("abort", () => {
    server.close()
    server.closeAllConnections()
  })
  void followAuthority(server, options)
  return (server.address() as AddressInfo).port
}

/** Whose certificates to believe is written in the cluster. */
async function followAuthority(
  server: Server,
  { client, clock, signal, serving, log }: SecurePortOptions,
): Promise<void> {
  let known = ""
  while (!signal.aborted) {
    try {
      const ca = (await client.get(ConfigMap, authorities)).data?.["client-ca-file"] ?? ""
      if (ca && ca !== known) server.setSecureContext({ cert: serving.certificate, key: serving.key, ca })
      known = ca
    } catch (error) {
      log.debug("cannot read whose certificates to believe", { error: String(error) })
    }
    await sleep(clock, known ? askAgainMs : 1000, signal)
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  access: DelegatedAccess,
  { pages, log }: SecurePortOptions,
): Promise<void> {
  try {
    const asked = readPageRequest(request, response)
    await access.check(request, asked.path)
    await answerWithPage(asked, response, pages)
  } catch (error) {
    if (!isStatusError(error)) log.warn("cannot tell who may ask", { error: String(error) })
    const status = isStatusError(error) ? error : new StatusError("InternalError", String(error))
    const body = status.toStatus()
    response.writeHead(body.code ?? 500, { "content-type": "application/json" }).end(JSON.stringify(body))
  }
}
