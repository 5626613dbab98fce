import { defaultConfiguration } from "./default-configuration.ts"
import type { KubeletConfiguration } from "./kubelet-configuration.ts"

/**
 * What this kubelet does differently from upstream's where nobody says how: it runs on machines with swap and on version 1
 * of control groups, pulls several images at once, and does not remember who pulled an image (docs/decisions/0120).
 */
export const usual: Partial<KubeletConfiguration> = {
  failSwapOn: false,
  failCgroupV1: false,
  serializeImagePulls: false,
  imagePullCredentialsVerificationPolicy: "NeverVerify",
  enableSystemLogQuery: true,
}

/** The configuration of a kubelet without a file. */
export function usualConfiguration(given: Partial<KubeletConfiguration> = {}): KubeletConfiguration {
  return defaultConfiguration({ ...usual, ...given })
}
