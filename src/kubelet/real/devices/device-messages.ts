import { bool, integer, message, repeated, string, stringMap } from "../../../base/protobuf.ts"

// The device plugin interface (k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1); field numbers are facts of it.

export const apiVersion = "v1beta1"
export const registrationService = `/${apiVersion}.Registration`
export const pluginService = `/${apiVersion}.DevicePlugin`

export const Nothing = message<object>({})

export interface PluginOptions {
  preStartRequired: boolean
  getPreferredAllocationAvailable: boolean
}
export const PluginOptions = message<PluginOptions>({
  preStartRequired: [1, bool],
  getPreferredAllocationAvailable: [2, bool],
})

export interface RegisterRequest {
  version: string
  /** The name of its socket, beside the kubelet's. */
  endpoint: string
  resourceName: string
  options?: PluginOptions
}
export const RegisterRequest = message<RegisterRequest>({
  version: [1, string],
  endpoint: [2, string],
  resourceName: [3, string],
  options: [4, PluginOptions],
})

export interface Device {
  id: string
  /** "Healthy" or "Unhealthy". */
  health: string
  topology?: { nodes: { id: number }[] }
}
export const Topology = message<{ nodes: { id: number }[] }>({
  nodes: [1, repeated(message<{ id: number }>({ id: [1, integer] }))],
})
export const ListAndWatchResponse = message<{ devices: Device[] }>({
  devices: [1, repeated(message<Device>({ id: [1, string], health: [2, string], topology: [3, Topology] }))],
})

export const DeviceIds = message<{ ids: string[] }>({ ids: [1, repeated(string)] })

export interface PreferredRequest {
  available: string[]
  mustInclude: string[]
  size: number
}
export const PreferredAllocationRequest = message<{ containers: PreferredRequest[] }>({
  containers: [
    1,
    repeated(
      message<PreferredRequest>({
        available: [1, repeated(string)],
        mustInclude: [2, repeated(string)],
        size: [3, integer],
      }),
    ),
  ],
})
/** Of GetPreferredAllocation's answer, and of Allocate's question. */
export const DeviceIdLists = message<{ containers: { ids: string[] }[] }>({
  containers: [1, repeated(DeviceIds)],
})

interface DeviceMount {
  containerPath: string
  hostPath: string
  readOnly: boolean
}
interface DeviceSpec {
  containerPath: string
  hostPath: string
  permissions: string
}
/** What a container needs in order to use its devices. */
export interface ContainerAllocation {
  envs: Record<string, string>
  mounts: DeviceMount[]
  devices: DeviceSpec[]
  annotations: Record<string, string>
}
export const AllocateResponse = message<{ containers: ContainerAllocation[] }>({
  containers: [
    1,
    repeated(
      message<ContainerAllocation>({
        envs: [1, stringMap],
        mounts: [
          2,
          repeated(
            message<DeviceMount>({ containerPath: [1, string], hostPath: [2, string], readOnly: [3, bool] }),
          ),
        ],
        devices: [
          3,
          repeated(
            message<DeviceSpec>({
              containerPath: [1, string],
              hostPath: [2, string],
              permissions: [3, string],
            }),
          ),
        ],
        annotations: [4, stringMap],
      }),
    ),
  ],
})
