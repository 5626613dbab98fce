import { readFileSync } from "node:fs"
import type { FlagValues } from "../../../base/flags.ts"
import { formatMetrics, metricsType } from "../../../base/metrics.ts"
import { createServedCheck } from "../../../client/create-served-check.ts"
import { createClient } from "../../../client/create-client.ts"
import { tokenKeys } from "../../../apiserver/authentication/real/token-keys.ts"
import { sha256Hex } from "../../../controller-manager/attach-detach/real/sha256-hex.ts"
import { hmacSha256 } from "../../../controller-manager/bootstrap/real/hmac-sha256.ts"
import { createAuthoritySigner } from "../../../controller-manager/certificates/real/authority-signer.ts"
import { controllerNames } from "../../../controller-manager/controllers.ts"
import {
  type ControllerManagerOptions,
  createControllerManager,
} from "../../../controller-manager/create-controller-manager.ts"
import { usualNetworks } from "../../networks/networks.ts"
import { openSecurePort, securePortFlags } from "../../secure-port/secure-port-flags.ts"
import { UsageError } from "../command.ts"
import { type ConnectedParts, electionFlags, runConnected } from "./connect.ts"

const flags = {
  ...electionFlags,
  controllers: {
    type: "list",
    default: ["*"],
    placeholder: "NAMES",
    description: '"*" for all that run by default, "foo" for that one too, "-foo" for all but that one',
  },
  "cluster-cidr": {
    type: "list",
    default: usualNetworks.pods,
    placeholder: "RANGES",
    description: "from which nodes get addresses for their pods",
  },
  "node-cidr-mask-size-ipv4": {
    type: "int",
    default: 24,
    placeholder: "BITS",
    description: "how large a part of the IPv4 range a node gets (24)",
  },
  "node-cidr-mask-size-ipv6": {
    type: "int",
    default: 64,
    placeholder: "BITS",
    description: "how large a part of the IPv6 range a node gets (64)",
  },
  "root-ca-file": {
    type: "string",
    placeholder: "FILE",
    description: "the authority by which pods recognize the API server",
  },
  "cluster-signing-cert-file": {
    type: "string",
    placeholder: "FILE",
    description: "the authority that signs certificates of nodes and people",
  },
  "cluster-signing-key-file": { type: "string", placeholder: "FILE", description: "its key" },
  ...securePortFlags("10257"),
  "service-account-private-key-file": {
    type: "string",
    placeholder: "FILE",
    description: "the key that signs tokens in Secrets",
  },
} as const

export function controllerManager(argv: readonly string[]): Promise<number> {
  return runConnected("controller-manager", argv, flags, run)
}

async function run(
  { identity, signal, metrics: common, ...parts }: ConnectedParts,
  values: FlagValues<typeof flags>,
): Promise<void> {
  for (const item of values.controllers)
    if (item !== "*" && !controllerNames.includes(item.replace(/^-/, "")))
      throw new UsageError(`"${item.replace(/^-/, "")}" is not in the list of known controllers`)
  const manager = createControllerManager({
    ...parts,
    ...readAuthorities(parts, values),
    controllers: values.controllers,
    isServed: createServedCheck(parts.transport),
    nodeIpam: {
      clusterCidrs: values["cluster-cidr"],
      nodeMaskSizeIpv4: values["node-cidr-mask-size-ipv4"],
      nodeMaskSizeIpv6: values["node-cidr-mask-size-ipv6"],
    },
    hmacSha256,
    sha256Hex,
    ...(identity !== undefined && { leaderElection: { identity } }),
  })
  const client = createClient(parts.transport, { userAgent: "kube-controller-manager" })
  const metrics = [...manager.metrics, ...common]
  const probes = { healthz: () => manager.healthChecks() }
  const port = { ...parts, client, signal, probes }
  await openSecurePort("kube-controller-manager", values, port, ({ path }) => {
    if (path === "/metrics") return { contentType: metricsType, text: formatMetrics(metrics) }
    return path === "/configz"
      ? { contentType: "application/json", text: configz(values, identity) }
      : undefined
  })
  await manager.run(signal)
}

/** As it was asked to run. */
function configz(values: FlagValues<typeof flags>, identity: string | undefined): string {
  const configuration = {
    apiVersion: "kubecontrollermanager.config.k8s.io/v1alpha1",
    kind: "KubeControllerManagerConfiguration",
    Generic: {
      Address: values["bind-address"],
      Port: Number(values["secure-port"]),
      Controllers: values.controllers,
      Debugging: { EnableProfiling: values.profiling, EnableContentionProfiling: false },
      LeaderElection: {
        leaderElect: identity !== undefined,
        resourceLock: "leases",
        resourceName: "kube-controller-manager",
        resourceNamespace: "kube-system",
      },
    },
    KubeCloudShared: { AllocateNodeCIDRs: true, ClusterCIDR: values["cluster-cidr"].join(",") },
  }
  return JSON.stringify({ "kubecontrollermanager.config.k8s.io": configuration })
}

type Authorities = Pick<
  ControllerManagerOptions,
  "rootCertificateAuthority" | "certificateSigner" | "signServiceAccountToken"
>

/** Controllers whose file is not given do not run, as with a kube-controller-manager. */
function readAuthorities(
  { random }: Pick<ConnectedParts, "random">,
  values: FlagValues<typeof flags>,
): Authorities {
  const read = (name: keyof typeof flags) => {
    const file = values[name]
    return typeof file === "string" ? readFileSync(file, "utf8") : undefined
  }
  const rootCertificateAuthority = read("root-ca-file")
  const certificatePem = read("cluster-signing-cert-file")
  const keyPem = read("cluster-signing-key-file")
  const accountKey = read("service-account-private-key-file")
  const keys = accountKey === undefined ? undefined : tokenKeys(accountKey)
  return {
    ...(rootCertificateAuthority !== undefined && { rootCertificateAuthority }),
    ...(certificatePem !== undefined &&
      keyPem !== undefined && {
        certificateSigner: createAuthoritySigner({ certificatePem, keyPem, random }),
      }),
    ...(keys && { signServiceAccountToken: (claims: object) => keys.sign(claims) }),
  }
}
