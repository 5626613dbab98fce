import type { Clock } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import type { Random } from "../../base/random.ts"
import { createClient } from "../../client/create-client.ts"
import { createInformers } from "../../client/informers.ts"
import type { Connection } from "../../client/real/connection.ts"
import { createHttpsTransport } from "../../client/real/https-transport.ts"
import { type KubeletServer, type NodeRoute, serveKubelet } from "../../kubelet/server/serve-kubelet.ts"
import type { KeyPair } from "../certificates/key-pair-files.ts"
import type { NodeControlPlane } from "./node-control-plane.ts"
import { offersVolumes, volumeRoute } from "./node-volumes.ts"

/** Where every kubelet of every cluster listens. */
const kubeletPort = 10_250

/** With what a node comes to the API server, and what its kubelet shows to those who call it. */
export interface NodeCredentials {
  readonly connection: Connection
  readonly serving: Pick<KeyPair, "certificatePem" | "keyPem">
}

export interface RemoteControlPlane extends NodeControlPlane {
  /** Goes on with these certificates. */
  renew(credentials: NodeCredentials): void
}

export interface RemoteControlPlaneOptions {
  readonly credentials: NodeCredentials
  /** Where the kubelet listens. */
  readonly address: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/**
 * A control plane behind a socket. All parts of the node come as the node itself (docs/decisions/0070): they are one
 * process, so that certificates of their own would keep nothing from whoever has taken it over.
 */
export function remoteControlPlane(options: RemoteControlPlaneOptions): RemoteControlPlane {
  const { clock, random, log, address } = options
  let { credentials } = options
  const transport = createHttpsTransport(credentials.connection, { clock })
  let server: KubeletServer | undefined
  const routes: NodeRoute[] = []
  return {
    isLocal: false,
    clientFor: (role) => createClient(transport, { userAgent: role }),
    informersFor: (role) =>
      createInformers({
        client: createClient(transport, { userAgent: role }),
        clock,
        random,
        log: log.named("informers"),
      }),
    async serveKubelet(kubelet, told) {
      server = await serveKubelet({
        kubelets: [kubelet],
        host: address,
        port: kubeletPort,
        serving: toServing(credentials),
        clientAuthorities: credentials.connection.certificateAuthority!,
        routes,
        log: log.named("kubelet"),
        ...told,
      })
      return server
    },
    nodeAnnotations: offersVolumes,
    offerVolumes(directories) {
      routes.push(volumeRoute(directories))
    },
    // The API server is reached where it is; no door of this node leads to it.
    async connected() {},
    renew(next) {
      credentials = next
      transport.renew(next.connection)
      server?.renew(toServing(next))
    },
    close: () => transport.close(),
  }
}

function toServing({ serving }: NodeCredentials): { certificate: string; key: string } {
  return { certificate: serving.certificatePem, key: serving.keyPem }
}
