import { quantityOf } from "../../../apimachinery/quantity.ts"
import type { PersistentVolumeClaim } from "../v1/persistent-volume-claim.ts"
import { type Amounts, parseAmounts } from "../v1/pod-resources.ts"
import { oneItem } from "./amounts.ts"
import { matchesNames, type QuotaEvaluator } from "./quota-evaluator.ts"

const countName = "persistentvolumeclaims"
const storageName = "requests.storage"
const classPart = ".storageclass.storage.k8s.io/"

/** Claims count by number and by the storage they ask for, in all and by storage class. */
export const persistentVolumeClaimQuota: QuotaEvaluator<PersistentVolumeClaim> = {
  resource: countName,
  isCharged({ operation, subresource, object, oldObject }) {
    if (subresource === "") return operation === "CREATE" || operation === "UPDATE"
    return subresource === "status" && !!oldObject && mayChangeUsage(object, oldObject)
  },
  tracks: (name) =>
    name === `count/${countName}` ||
    [countName, storageName].some((each) => name === each || name.endsWith(classPart + each)),
  usageOf(claim) {
    const usage: Amounts = { [`count/${countName}`]: oneItem }
    const storageClass = findStorageClass(claim)
    const add = (name: string, amount: Amounts[string]) => {
      usage[name] = amount
      if (storageClass) usage[storageClass + classPart + name] = amount
    }
    add(countName, oneItem)
    const storage = storageOf(claim)
    if (storage) add(storageName, storage)
    return usage
  },
  matchesScope: (claim, scope) =>
    scope.scopeName === "VolumeAttributesClass" && matchesNames(scope, attributesClasses(claim)),
}

function findStorageClass({ metadata, spec }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.["volume.beta.kubernetes.io/storage-class"] ?? spec.storageClassName
}

/** What it asks for, or what it was given while that is more: a failed growth is not free at once. In whole bytes. */
function storageOf({ spec, status }: PersistentVolumeClaim): Amounts[string] | undefined {
  const asked = parseAmounts(spec.resources?.requests)["storage"]
  const given = parseAmounts(status?.allocatedResources)["storage"]
  if (!asked) return undefined
  const { nanos, format } = given && given.nanos > asked.nanos ? given : asked
  const whole = 1_000_000_000n
  const part = nanos % whole
  return quantityOf(part > 0n ? nanos - part + whole : nanos, format)
}

/** Every class that its volume has, had or will have. */
function attributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
  return [...new Set(names.filter((name) => !!name))] as string[]
}

/** Whether a change that nobody asked quota about may matter for it. */
export function mayChangeUsage(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const keyOf = (each: PersistentVolumeClaim) =>
    [storageOf(each)?.nanos ?? "", ...attributesClasses(each).toSorted()].join(" ")
  return keyOf(claim) !== keyOf(old)
}
