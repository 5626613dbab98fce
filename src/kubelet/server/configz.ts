import { quantityValue } from "../../apimachinery/quantity.ts"
import { defaultThresholds } from "../eviction/node-pressure.ts"
import type { Kubelet } from "../kubelet.ts"

/** GET /configz: how this kubelet works, as a KubeletConfiguration says it. Only what is so is said. */
export function configz({ services }: Kubelet): object {
  const { dns, machine } = services
  const percent = (share: number) => `${Math.round(share * 100)}%`
  return {
    kubeletconfig: {
      enableServer: true,
      syncFrequency: "1m0s",
      fileCheckFrequency: "20s",
      rotateCertificates: true,
      authentication: {
        x509: {},
        webhook: { enabled: true, cacheTTL: "2m0s" },
        anonymous: { enabled: false },
      },
      authorization: {
        mode: "Webhook",
        webhook: { cacheAuthorizedTTL: "5m0s", cacheUnauthorizedTTL: "30s" },
      },
      clusterDomain: dns.domain,
      clusterDNS: [...dns.servers],
      nodeStatusUpdateFrequency: "10s",
      nodeStatusReportFrequency: "5m0s",
      nodeLeaseDurationSeconds: 40,
      imageMinimumGCAge: "2m0s",
      imageMaximumGCAge: "0s",
      imageGCHighThresholdPercent: 85,
      imageGCLowThresholdPercent: 80,
      volumeStatsAggPeriod: "1m0s",
      cgroupsPerQOS: true,
      cgroupDriver: "cgroupfs",
      cpuManagerPolicy: "none",
      memoryManagerPolicy: "None",
      topologyManagerPolicy: "none",
      maxPods: quantityValue(machine.allocatable["pods"] ?? 0),
      podPidsLimit: -1,
      serializeImagePulls: false,
      evictionHard: {
        "memory.available": `${defaultThresholds.memoryBytes >> 20}Mi`,
        "nodefs.available": percent(defaultThresholds.diskShare),
        "nodefs.inodesFree": percent(defaultThresholds.inodeShare),
        "imagefs.available": percent(defaultThresholds.imageDiskShare),
        "imagefs.inodesFree": percent(defaultThresholds.imageInodeShare),
      },
      evictionPressureTransitionPeriod: "5m0s",
      enableControllerAttachDetach: true,
      failSwapOn: false,
      containerLogMaxSize: "10Mi",
      containerLogMaxFiles: 5,
      configMapAndSecretChangeDetectionStrategy: "Watch",
      enableDebuggingHandlers: true,
      enableSystemLogHandler: true,
      enableSystemLogQuery: true,
      localStorageCapacityIsolation: true,
      crashLoopBackOff: {},
    },
  }
}
