import { answerProbe, type HealthRecord } from "../../../apimachinery/health-checks.ts"
import { type Pages, plainPage, servePages } from "../../../base/real/serve-pages.ts"
import type { RealKubelet } from "../../../kubelet/real/create-real-kubelet.ts"
import { type KubeletServerOptions, serveKubelet } from "../../../kubelet/server/serve-kubelet.ts"
import { UsageError } from "../command.ts"

const tlsVersions: Readonly<Record<string, KubeletServerOptions["minVersion"]>> = {
  VersionTLS10: "TLSv1",
  VersionTLS11: "TLSv1.1",
  VersionTLS12: "TLSv1.2",
  VersionTLS13: "TLSv1.3",
}

/** Whoever asks on this machine is told no more than that there is an answer, as upstream. */
function healthzPages(record: HealthRecord): Pages {
  return async ({ path, query }) => {
    const [isHealthz, name] = /^\/healthz(?:\/(.+))?$/.exec(path) ?? []
    const answer = isHealthz && (await answerProbe({ probe: "healthz", name, query }, [], record))
    return answer ? plainPage(answer.text, answer.code) : undefined
  }
}

export interface KubeletPorts {
  close(): Promise<void>
}

/** The ports that a kubelet's configuration asks for: its API, and whether it is well for whoever asks on this machine. */
export async function serveKubeletPorts(
  node: RealKubelet,
  { log, ...shown }: Pick<KubeletServerOptions, "serving" | "clientAuthorities" | "log" | "flags">,
): Promise<KubeletPorts> {
  const { configuration } = node.services
  const { tlsMinVersion, healthzPort, healthzBindAddress } = configuration
  const minVersion = tlsMinVersion ? tlsVersions[tlsMinVersion] : undefined
  if (tlsMinVersion && !minVersion)
    throw new UsageError(`unknown tls version ${JSON.stringify(tlsMinVersion)}`)
  const server = configuration.enableServer
    ? await serveKubelet({
        kubelets: [node],
        host: configuration.address,
        port: configuration.port,
        ...shown,
        log,
        ...(minVersion && { minVersion }),
      })
    : undefined
  if (server) node.setPort(server.port)
  const healthz =
    healthzPort > 0
      ? await servePages(
          { host: healthzBindAddress, port: healthzPort },
          healthzPages(node.services.healthRecord),
        ).catch((error: unknown) => log.error("failed to start healthz server", { error }))
      : undefined
  return {
    async close() {
      healthz?.close()
      await server?.close()
    },
  }
}
