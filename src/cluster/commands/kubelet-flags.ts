import { resolve } from "node:path"
import type { FlagValues } from "../../base/flags.ts"
import { readConfiguration } from "../../kubelet/real/read-configuration.ts"

export const kubeletFlags = {
  "kubelet-config": {
    type: "string",
    placeholder: "FILE",
    description: "a KubeletConfiguration: how the kubelet of each real node works",
  },
} as const

/** The absolute path of the file that the flag names. Throws ConfigurationError for one that is not right. */
export function parseKubeletConfig(values: FlagValues<typeof kubeletFlags>): string | undefined {
  const given = values["kubelet-config"]
  if (given === undefined) return undefined
  const path = resolve(given)
  // What it asks for in vain is told by the nodes.
  readConfiguration({ path, log: { warn: () => {} } })
  return path
}
