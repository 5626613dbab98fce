import { resolve } from "node:path"
import type { FlagValues } from "../../base/flags.ts"
import { type ProviderPlaces, readProviders } from "../../kubelet/real/images/read-providers.ts"
import { readConfiguration } from "../../kubelet/real/read-configuration.ts"
import { type KubeletFiles, kubeletFilesOf } from "../nodes/kubelet-files.ts"
import { UsageError } from "./command.ts"

export const credentialProviderFlags = {
  "image-credential-provider-config": {
    type: "string",
    placeholder: "FILE",
    description:
      "a CredentialProviderConfig, or a directory of them: programs that know passwords of registries",
  },
  "image-credential-provider-bin-dir": {
    type: "string",
    placeholder: "DIR",
    description: "where these programs are",
  },
} as const

export const kubeletFlags = {
  "kubelet-config": {
    type: "string",
    placeholder: "FILE",
    description: "a KubeletConfiguration: how the kubelet of each real node works",
  },
  ...credentialProviderFlags,
} as const

/** The files that the flags name. Throws ConfigurationError for one that is not right. */
export function parseKubeletFiles(values: FlagValues<typeof kubeletFlags>): KubeletFiles {
  const { "kubelet-config": given } = values
  const kubeletConfig = given === undefined ? undefined : resolve(given)
  // What it asks for in vain is told by the nodes.
  if (kubeletConfig !== undefined) readConfiguration({ path: kubeletConfig, log: { warn: () => {} } })
  return kubeletFilesOf({ kubeletConfig, credentialProviders: parseCredentialProviders(values) })
}

/** Throws UsageError, ConfigurationError. */
export function parseCredentialProviders(
  values: FlagValues<typeof credentialProviderFlags>,
): ProviderPlaces | undefined {
  const configuration = values["image-credential-provider-config"]
  const programs = values["image-credential-provider-bin-dir"]
  if (configuration === undefined && programs === undefined) return undefined
  if (configuration === undefined || programs === undefined)
    throw new UsageError(
      "--image-credential-provider-config and --image-credential-provider-bin-dir need each other",
    )
  const places = { configuration: resolve(configuration), programs: resolve(programs) }
  readProviders(places)
  return places
}
