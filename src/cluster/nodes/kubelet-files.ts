import type { ProviderPlaces } from "../../kubelet/real/images/read-providers.ts"

/** Files of the user's by which the kubelets of real nodes work; paths are absolute. */
export interface KubeletFiles {
  /** A KubeletConfiguration. @default none */
  readonly kubeletConfig?: string
  /** Programs that know the passwords of registries. @default none */
  readonly credentialProviders?: ProviderPlaces
}

/** Those that are named, of what a node is told. */
export function kubeletFilesOf({
  kubeletConfig,
  credentialProviders,
}: { readonly [Name in keyof KubeletFiles]: KubeletFiles[Name] | undefined }): KubeletFiles {
  return {
    ...(kubeletConfig !== undefined && { kubeletConfig }),
    ...(credentialProviders && { credentialProviders }),
  }
}
