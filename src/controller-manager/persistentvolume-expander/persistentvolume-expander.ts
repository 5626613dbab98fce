/**
 * Expander: tells people who a claim that wants to grow is waiting for. No volume of ours grows by the control plane's
 * hand: the provisioner of local directories and CSI drivers' resizers do that.
 *
 * Reads claims and volumes; writes events. Woken by claims whose request grew.
 */
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { compareQuantities, parseQuantity } from "../../apimachinery/quantity.ts"
import { keyOf } from "../../apimachinery/meta.ts"
import { type ControllerDefinition, done, watch } from "../../client/controller.ts"

export const persistentVolumeExpanderController: ControllerDefinition = {
  name: "persistentvolume-expander-controller",
  eventSource: "volume_expand",
  watches: [
    watch(
      PersistentVolumeClaim,
      (claim) => (claim.status.phase === "Bound" ? [keyOf(claim)] : []),
      undefined,
      (current, previous) => requestOf(current) === requestOf(previous),
    ),
    watch(PersistentVolume, () => []),
  ],
  reconcile(key, { cache, events }) {
    const claim = cache.find(PersistentVolumeClaim, key)
    if (!claim || !wantsMore(claim)) return Promise.resolve(done)
    const volume = cache.find(PersistentVolume, { name: claim.spec.volumeName ?? "" })
    const isMadeByProvisioner =
      volume?.metadata.annotations?.["pv.kubernetes.io/provisioned-by"] !== undefined
    const isExpected = isMadeByProvisioner || volume?.spec.csi !== undefined
    const message = "waiting for an external controller to expand this PVC"
    if (volume) events.event(claim, isExpected ? "Normal" : "Warning", "ExternalExpanding", message)
    return Promise.resolve(done)
  },
}

function requestOf({ spec }: PersistentVolumeClaim): string {
  return String(spec.resources.requests?.["storage"] ?? "0")
}

function wantsMore(claim: PersistentVolumeClaim): boolean {
  const has = parseQuantity(claim.status.capacity?.["storage"] ?? "0")
  return compareQuantities(parseQuantity(requestOf(claim)), has) > 0
}
