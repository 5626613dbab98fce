import type { VolumeMount } from "../../api/core/v1/container.ts"

/**
 * Whether what is mounted below a read-only mount is read-only too; `isSupported` by the runtime. Throws, in upstream's
 * words, when that is demanded and cannot be (https://kep.k8s.io/3857).
 */
export function isRecursivelyReadOnly(mount: VolumeMount, isSupported: boolean): boolean {
  const { name, recursiveReadOnly = "Disabled", readOnly, mountPropagation = "None" } = mount
  if (recursiveReadOnly === "Disabled") return false
  const demand = `volume "${name}" requested recursive read-only mode, but it is not`
  if (!readOnly) throw new Error(`${demand} read-only`)
  if (mountPropagation !== "None")
    throw new Error(`${demand} compatible with propagation "${mountPropagation}"`)
  if (recursiveReadOnly === "Enabled" && !isSupported) throw new Error(`${demand} supported by the runtime`)
  return isSupported
}
