import { ignoreAlreadyExists } from "../apimachinery/status-error.ts"
import { IngressClass } from "../api/networking/v1/ingress-class.ts"
import type { Clock } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { createIngressController } from "../ingress/create-ingress-controller.ts"
import { defaultIngressClass } from "../ingress/ingress-class-object.ts"
import type { ControlPlane } from "./control-plane.ts"
import { ingressUser, selfUser } from "./identities.ts"
import { publicAddress } from "./machine.ts"

/** Where requests from outside are taken for Ingresses. */
export interface IngressSettings {
  readonly host: string
  readonly httpPort: number
  readonly httpsPort: number
}

export interface RunningIngress {
  /** Where it listens, or why it does not, in words for the user. */
  readonly note: string
  stop(): Promise<void>
}

interface IngressParts extends IngressSettings {
  readonly controlPlane: ControlPlane
  /** Control planes elsewhere serve the same Ingresses. */
  readonly isShared: boolean
  /** The machine's addresses where it has several networks, the one that others reach first. @default found out */
  readonly nodeIps?: readonly string[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/**
 * The ingress controller of the cluster, in this process: it reaches the pods of every node. It takes ports that belong to
 * the whole machine; where somebody else has them there is no ingress, and the cluster starts all the same.
 */
export async function startIngress(parts: IngressParts): Promise<RunningIngress> {
  const { controlPlane, host, httpPort, httpsPort, isShared, nodeIps, clock, random } = parts
  const address = publicAddress(host, nodeIps?.[0])
  const log = parts.log.named("ingress")
  const informers = controlPlane.informersFor(ingressUser)
  const controller = createIngressController({
    informers,
    client: controlPlane.clientFor(ingressUser),
    address: host,
    httpPort,
    httpsPort,
    publicAddresses: [address],
    isShared,
    clock,
    random,
    log,
  })
  let ports: Pick<IngressSettings, "httpPort" | "httpsPort">
  try {
    ports = await controller.listen()
  } catch (error) {
    log.warn("there is no ingress", { error })
    return { note: describeObstacle(parts, error as NodeJS.ErrnoException), stop: async () => {} }
  }
  await controlPlane
    .clientFor(selfUser)
    .create(IngressClass, defaultIngressClass())
    .catch(ignoreAlreadyExists)
  const stop = new AbortController()
  const running = controller.run(stop.signal)
  informers.start(stop.signal)
  return {
    note: describeWhere(address, ports),
    async stop() {
      stop.abort()
      await running
    },
  }
}

function describeWhere(
  address: string,
  { httpPort, httpsPort }: Pick<IngressSettings, "httpPort" | "httpsPort">,
): string {
  const host = address.includes(":") ? `[${address}]` : address
  // URLs leave the usual ports out.
  const urls = [new URL(`http://${host}:${httpPort}`), new URL(`https://${host}:${httpsPort}`)]
  return `Ingresses are served at ${urls.map(({ origin }) => origin).join(" and ")}.`
}

function describeObstacle(
  { host, httpPort, httpsPort }: IngressSettings,
  error: NodeJS.ErrnoException,
): string {
  const { port } = error as { port?: number }
  const where = `${host}:${port ?? `${httpPort} or :${httpsPort}`}`
  const why = error.code === "EADDRINUSE" ? `another program listens at ${where}` : error.message
  return `Ingresses are not served: ${why}. --ingress-ports HTTP,HTTPS chooses other ports.`
}
