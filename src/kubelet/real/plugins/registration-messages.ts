import { bool, message, repeated, string } from "../../../base/protobuf.ts"

// The plugin registration interface (k8s.io/kubelet/pkg/apis/pluginregistration/v1); field numbers are facts of it.

export const registrationService = "/pluginregistration.Registration"

export const Nothing = message<object>({})

export interface PluginInfo {
  /** "CSIPlugin", "DevicePlugin" or "DRAPlugin". */
  type: string
  name: string
  /** Where it serves; "": where it registers. */
  endpoint: string
  supportedVersions: string[]
}
export const PluginInfo = message<PluginInfo>({
  type: [1, string],
  name: [2, string],
  endpoint: [3, string],
  supportedVersions: [4, repeated(string)],
})

export const RegistrationStatus = message<{ pluginRegistered: boolean; error: string }>({
  pluginRegistered: [1, bool],
  error: [2, string],
})
