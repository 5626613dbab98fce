import type { UserInfo } from "../../apiserver/authentication/authenticator.ts"
import type { Logger } from "../../base/log.ts"
import type { ControlPlane } from "../control-plane.ts"
import { dnsUser, nodeUser, policyUser, proxyUser } from "../identities.ts"
import type { NodeControlPlane, NodeRole } from "./node-control-plane.ts"
import { serveNode } from "./serve-node.ts"

/** The control plane of this process as a node of this process sees it: by function calls, each part as its own user. */
export function localControlPlane(controlPlane: ControlPlane, name: string, log: Logger): NodeControlPlane {
  const users: Readonly<Record<NodeRole, UserInfo>> = {
    kubelet: nodeUser(name),
    proxy: proxyUser,
    dns: dnsUser,
    "network-policies": policyUser,
  }
  return {
    isLocal: true,
    clientFor: (role) => controlPlane.clientFor(users[role]),
    informersFor: (role) => controlPlane.informersFor(users[role]),
    serveKubelet: (kubelet, told) =>
      serveNode(name, { kubelet, told, log: log.named("kubelet") }, controlPlane),
    offerVolumes: (directories) => void controlPlane.volumeDirectories.set(name, directories),
    connected: (gateway) => controlPlane.advertise(gateway),
    close() {},
  }
}
