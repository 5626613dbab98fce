import { quote } from "../../base/quote.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { PodSandboxConfig, PortMapping, UserNamespace } from "../../container-runtime/cri.ts"
import { podDns } from "../containers/pod-dns.ts"
import { kernelHostname } from "../containers/pod-hostname.ts"
import { sandboxAnnotations, sandboxLabels } from "../containers/runtime-labels.ts"
import { sandboxResources } from "../containers/sandbox-resources.ts"
import { sandboxSecurityContext } from "../containers/security-context.ts"
import type { KubeletServices } from "../kubelet-services.ts"
import { findHandler, runtimeHandler } from "./runtime-handler.ts"
import type { RuntimeSandbox } from "./runtime-pod.ts"

/** Connects the pod to the network and makes its sandbox. Throws when either fails; both may then be asked for again. */
export async function startSandbox(
  services: KubeletServices,
  pod: Pod,
  attempt: number,
): Promise<{ sandbox: RuntimeSandbox; config: PodSandboxConfig }> {
  const handler = await runtimeHandler(services, pod)
  if (pod.spec.hostUsers === false) await expectUserNamespaces(services, handler)
  const config = await sandboxConfig(services, pod, attempt)
  if (!pod.spec.hostNetwork) {
    const { uid, namespace = "", name } = pod.metadata
    const hostPorts = portMappings(pod).filter(({ hostPort }) => hostPort > 0)
    await services.network.prepare({
      uid,
      namespace,
      name,
      ...(hostPorts.length > 0 && {
        hostPorts: hostPorts.map(({ protocol, hostPort, containerPort, hostIp }) => ({
          protocol,
          hostPort,
          containerPort,
          ...(hostIp && { hostIP: hostIp }),
        })),
      }),
    })
  }
  const id = await runSandbox(services, config, handler)
  const sandbox = await services.observer.observeSandbox(id)
  if (!sandbox) throw new Error(`sandbox ${id} is gone right after it was made`)
  return { sandbox, config }
}

async function runSandbox(
  { runtime, metrics, clock }: KubeletServices,
  config: PodSandboxConfig,
  handler: string,
): Promise<string> {
  const beganMs = clock.monotonic()
  const hasOwnUsers = config.linux?.securityContext?.namespaceOptions?.userNamespace !== undefined
  if (hasOwnUsers) metrics.userNamespacedPods.add(1)
  try {
    return await runtime.runPodSandbox(config, handler)
  } catch (error) {
    metrics.runPodSandboxErrors.add(1, handler)
    if (hasOwnUsers) metrics.userNamespacedPodErrors.add(1)
    throw error
  } finally {
    metrics.runPodSandboxDuration.observe((clock.monotonic() - beganMs) / 1000, handler)
  }
}

/** Throws where there are none: whoever asks for users of its own must not run as the machine's instead. */
async function expectUserNamespaces({ runtime, host }: KubeletServices, handler: string): Promise<void> {
  if (host.users && (await findHandler(runtime, handler))?.userNamespaces) return
  const what = "can't set `spec.hostUsers: false`"
  throw new Error(
    handler === ""
      ? `${what}, runtime does not support user namespaces`
      : `${what}, RuntimeClass handler ${quote(handler)} does not support user namespaces`,
  )
}

/** Undefined for pods that run as the machine's users. */
export async function usersOf({ host }: KubeletServices, pod: Pod): Promise<UserNamespace | undefined> {
  return pod.spec.hostUsers === false ? host.users?.ensure(pod.metadata.uid) : undefined
}

/** The same value for every container of the sandbox. */
export async function sandboxConfig(
  services: KubeletServices,
  pod: Pod,
  attempt: number,
): Promise<PodSandboxConfig> {
  const { host, machine, dns, seccompDirectory, configuration } = services
  const { metadata, spec } = pod
  const cgroupParent = await host.cgroups.ensure(pod)
  return {
    metadata: { name: metadata.name, uid: metadata.uid, namespace: metadata.namespace ?? "", attempt },
    ...(!spec.hostNetwork && { hostname: kernelHostname(pod, dns.domain) }),
    logDirectory: await host.files.ensureLogDirectory(pod),
    dnsConfig: podDns(pod, { ...dns, host: machine.dns }),
    ...(!spec.hostNetwork && { portMappings: portMappings(pod) }),
    labels: sandboxLabels(pod),
    annotations: sandboxAnnotations(pod),
    linux: {
      ...(cgroupParent && { cgroupParent }),
      securityContext: sandboxSecurityContext(pod, {
        seccompDirectory,
        users: await usersOf(services, pod),
      }),
      sysctls: Object.fromEntries(
        (spec.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value]),
      ),
      ...sandboxResources(pod, configuration),
    },
  }
}

function portMappings({ spec }: Pod): PortMapping[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  return containers.flatMap(({ ports = [] }) =>
    ports.map(({ protocol = "TCP", containerPort, hostPort = 0, hostIP = "" }) => ({
      protocol,
      containerPort,
      hostPort,
      hostIp: hostIP,
    })),
  )
}
