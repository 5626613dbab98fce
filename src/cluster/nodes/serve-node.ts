import type { Logger } from "../../base/log.ts"
import type { Kubelet } from "../../kubelet/kubelet.ts"
import { type KubeletServer, serveKubelet } from "../../kubelet/server/serve-kubelet.ts"
import type { ControlPlane } from "../control-plane.ts"
import { machineAddress } from "../machine.ts"
import type { KubeletTold } from "./node-control-plane.ts"

export interface ServedNode {
  readonly kubelet: Kubelet
  readonly told: KubeletTold
  readonly log: Logger
}

/** The kubelet's port: on loopback, with a certificate of the node's own, found by the API server of this process. */
export async function serveNode(
  name: string,
  { kubelet, told, log }: ServedNode,
  controlPlane: ControlPlane,
): Promise<KubeletServer> {
  const { certificates, localKubelets } = controlPlane
  const address = machineAddress()
  const { serving } = certificates.ensureNode(name, ["127.0.0.1", "localhost", ...(address ? [address] : [])])
  const server = await serveKubelet({
    kubelets: [kubelet],
    host: "127.0.0.1",
    port: 0,
    serving: { certificate: serving.certificatePem, key: serving.keyPem },
    clientAuthorities: certificates.authority("ca").certificatePem,
    log,
    ...told,
  })
  certificates.onRenewed((renewed, pair) => {
    if (renewed === `kubelet-${name}`) server.renew({ certificate: pair.certificatePem, key: pair.keyPem })
  })
  localKubelets.add(server.port)
  return server
}
