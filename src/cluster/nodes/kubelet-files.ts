import type { ProviderPlaces } from "../../kubelet/real/images/read-providers.ts"

/** Files of the user's by which the kubelets of real nodes work; paths are absolute. */
export interface KubeletFiles {
  /** A KubeletConfiguration. @default none */
  readonly kubeletConfig?: string
  /** Programs that know the passwords of registries. @default none */
  readonly credentialProviders?: ProviderPlaces
}

/** Those of what a node is told. */
export function kubeletFilesOf({ kubeletConfig, credentialProviders }: KubeletFiles): KubeletFiles {
  return {
    ...(kubeletConfig !== undefined && { kubeletConfig }),
    ...(credentialProviders && { credentialProviders }),
  }
}
