import type { Volume } from "../../api/core/v1/volume.ts"

const names: Readonly<Record<string, string>> = {
  emptyDir: "empty-dir",
  configMap: "configmap",
  hostPath: "host-path",
  downwardAPI: "downward-api",
  persistentVolumeClaim: "persistent-claim",
}

/** What upstream calls the plugin that makes such volumes: "kubernetes.io/empty-dir". */
export function pluginName(volume: Volume): string {
  const source = Object.keys(volume).find((field) => field !== "name") ?? "emptyDir"
  return `kubernetes.io/${names[source] ?? source}`
}
