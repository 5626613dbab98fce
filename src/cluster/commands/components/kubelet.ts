import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { FlagValues } from "../../../base/flags.ts"
import { createCommands } from "../../../base/real/commands.ts"
import { connectGrpc, type GrpcChannel } from "../../../base/real/grpc/grpc-channel.ts"
import { createClient } from "../../../client/create-client.ts"
import {
  createImageService,
  createRuntimeService,
} from "../../../container-runtime/containerd/runtime-service.ts"
import type { PodNetworkPort } from "../../../kubelet/kubelet-services.ts"
import type { KubeletConfiguration } from "../../../kubelet/configuration/kubelet-configuration.ts"
import { createRealKubelet } from "../../../kubelet/real/create-real-kubelet.ts"
import { readConfiguration } from "../../../kubelet/real/read-configuration.ts"
import { writtenFlags } from "../../component-facts.ts"
import { machineName } from "../../machine.ts"
import { servingPair } from "../../secure-port/secure-port-flags.ts"
import { UsageError } from "../command.ts"
import { credentialProviderFlags, parseCredentialProviders } from "../kubelet-flags.ts"
import { parseNodeAddresses } from "../node-ip-flag.ts"
import { type ConnectedParts, runConnected } from "./connect.ts"
import { serveKubeletPorts } from "./serve-kubelet-ports.ts"
import { setOomScore } from "../../../base/real/oom-score.ts"

// The names and defaults are upstream's (https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/).
const flags = {
  config: {
    type: "string",
    placeholder: "FILE",
    description: "a KubeletConfiguration; flags count more than what it says",
  },
  "config-dir": {
    type: "string",
    placeholder: "DIR",
    description: "files *.conf that change what --config says, in the order of their names",
  },
  "hostname-override": {
    type: "string",
    placeholder: "NAME",
    description: "the node that this machine is (the machine's name)",
  },
  "container-runtime-endpoint": {
    type: "string",
    placeholder: "SOCKET",
    description: "the container runtime, by CRI (unix:///run/containerd/containerd.sock)",
  },
  "root-dir": {
    type: "string",
    default: "/var/lib/kubelet",
    placeholder: "DIR",
    description: "where volumes and logs of pods are (/var/lib/kubelet)",
  },
  "cgroup-root": {
    type: "string",
    placeholder: "PATH",
    description: "the control group of all pods (/kubepods)",
  },
  "node-ip": { type: "string", placeholder: "IP,...", description: "the node's addresses (found out)" },
  "node-labels": { type: "list", placeholder: "KEY=VALUE", description: "labels that the node starts with" },
  "cluster-dns": {
    type: "list",
    placeholder: "IP",
    description: "where pods look names up (as the machine does)",
  },
  "cluster-domain": {
    type: "string",
    placeholder: "DOMAIN",
    description: "the domain of Services (cluster.local)",
  },
  "resolv-conf": {
    type: "string",
    placeholder: "FILE",
    description: "how the machine looks names up (/etc/resolv.conf)",
  },
  "max-pods": { type: "int", placeholder: "N", description: "pods that the node takes (110)" },
  "pod-manifest-path": {
    type: "string",
    placeholder: "DIR",
    description: "manifests of pods that run here whatever the API says (none)",
  },
  address: {
    type: "string",
    placeholder: "IP",
    description: "where it listens (0.0.0.0)",
  },
  port: { type: "int", placeholder: "PORT", description: "at which port (10250)" },
  "client-ca-file": {
    type: "string",
    placeholder: "FILE",
    description: "whose clients it believes (those of the cluster in the kubeconfig)",
  },
  "tls-cert-file": {
    type: "string",
    placeholder: "FILE",
    description: "its certificate (one of its own making)",
  },
  "tls-private-key-file": { type: "string", placeholder: "FILE", description: "and key" },
  ...credentialProviderFlags,
} as const

type Values = FlagValues<typeof flags>

/** The network plugin is the runtime's: it connects pods when their sandboxes are made. */
const runtimesOwnNetwork: PodNetworkPort = { prepare: async () => undefined, async release() {} }

export function kubelet(argv: readonly string[]): Promise<number> {
  return runConnected("kubelet", argv, flags, run)
}

/** Pods outlive it, as those of any kubelet: the next one finds them. */
async function run({ transport, connection, ...parts }: ConnectedParts, own: Values): Promise<void> {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new Error("a kubelet needs Linux and root")
  const name = (own["hostname-override"] ?? machineName()).trim().toLowerCase()
  const nodeIps = own["node-ip"] === undefined ? [] : parseNodeAddresses(own["node-ip"])
  const configuration = readConfiguration({
    path: own.config,
    directory: own["config-dir"],
    usual: {
      clusterDomain: "cluster.local",
      cgroupRoot: "/kubepods",
      podLogsDir: join(own["root-dir"], "logs"),
    },
    flags: configurationOf(own),
    log: parts.log,
  })
  const serving = servingPair(
    name,
    { "tls-cert-file": configuration.tlsCertFile, "tls-private-key-file": configuration.tlsPrivateKeyFile },
    parts,
  )
  setOomScore(configuration.oomScoreAdj, parts.log)
  const channel = await connectRuntime(configuration.containerRuntimeEndpoint, parts)
  const { imageServiceEndpoint } = configuration
  const imageChannel = imageServiceEndpoint ? await connectRuntime(imageServiceEndpoint, parts) : channel
  try {
    const node = await createRealKubelet({
      ...parts,
      node: { name, labels: parseLabels(own["node-labels"]) },
      client: createClient(transport, { userAgent: "kubelet" }),
      commands: createCommands(),
      runtime: createRuntimeService(channel),
      images: createImageService(imageChannel),
      network: runtimesOwnNetwork,
      apiHost: new URL(connection.server).host,
      rootDirectory: own["root-dir"],
      cgroupParent: configuration.cgroupRoot ?? "/",
      configuration,
      credentialProviders: parseCredentialProviders(own),
      ...(nodeIps.length > 0 && { nodeIps }),
    })
    const authorities = own["client-ca-file"] ?? configuration.authentication.x509.clientCAFile
    const ports = await serveKubeletPorts(node, {
      serving,
      clientAuthorities:
        authorities === undefined
          ? (connection.certificateAuthority ?? "")
          : readFileSync(authorities, "utf8"),
      flags: writtenFlags(own),
      log: parts.log,
    })
    void node.ready.then(() => process.stdout.write("ready\n"))
    await node.run(parts.signal)
    await ports.close()
  } finally {
    imageChannel.close()
    channel.close()
  }
}

/** What the flags say of the configuration; they count more than the file. */
function configurationOf(own: Values): Partial<KubeletConfiguration> {
  const given: Partial<KubeletConfiguration> = {
    containerRuntimeEndpoint: own["container-runtime-endpoint"],
    cgroupRoot: own["cgroup-root"],
    clusterDNS: own["cluster-dns"].length > 0 ? [...own["cluster-dns"]] : undefined,
    clusterDomain: own["cluster-domain"],
    resolvConf: own["resolv-conf"],
    maxPods: own["max-pods"],
    staticPodPath: own["pod-manifest-path"],
    address: own.address,
    port: own.port,
    tlsCertFile: own["tls-cert-file"],
    tlsPrivateKeyFile: own["tls-private-key-file"],
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function connectRuntime(endpoint: string, { clock }: Pick<ConnectedParts, "clock">): Promise<GrpcChannel> {
  const path = endpoint.replace(/^unix:(\/\/)?/, "")
  if (!path.startsWith("/") || !existsSync(path))
    throw new UsageError(`--container-runtime-endpoint ${endpoint}: there is no such socket`)
  return connectGrpc(`unix:${path}`, () => clock.now())
}

function parseLabels(texts: readonly string[]): Record<string, string> {
  const pairs = texts.flatMap((text) => text.split(",")).filter(Boolean)
  return Object.fromEntries(
    pairs.map((pair) => {
      const [key = "", value] = pair.split("=")
      if (!key || value === undefined)
        throw new UsageError(`--node-labels ${pair}: expected a form like disk=fast`)
      return [key, value]
    }),
  )
}
