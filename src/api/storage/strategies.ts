import { type RulesByResource, rules } from "../validation/kind-rules.ts"
import { semanticEqual } from "../validation/semantic-equal.ts"
import type { CSIDriver } from "./v1/csi-driver.ts"
import type { CSINode } from "./v1/csi-node.ts"
import type { CSIStorageCapacity } from "./v1/csi-storage-capacity.ts"
import type { StorageClass } from "./v1/storage-class.ts"
import type { VolumeAttachment } from "./v1/volume-attachment.ts"
import type { VolumeAttributesClass } from "./v1/volume-attributes-class.ts"
import {
  csiDriverWarnings,
  csiStorageCapacityWarnings,
  validateCsiDriver,
  validateCsiDriverUpdate,
  validateCsiNode,
  validateCsiNodeUpdate,
  validateCsiStorageCapacity,
  validateCsiStorageCapacityUpdate,
} from "./validation/csi.ts"
import {
  storageClassWarnings,
  validateStorageClass,
  validateStorageClassUpdate,
  validateVolumeAttributesClass,
  validateVolumeAttributesClassUpdate,
} from "./validation/storage-class.ts"
import { validateVolumeAttachment, validateVolumeAttachmentUpdate } from "./validation/volume-attachment.ts"

export const storageRules: RulesByResource = {
  storageclasses: rules<StorageClass>({
    validate: validateStorageClass,
    validateUpdate: validateStorageClassUpdate,
    warnings: storageClassWarnings,
  }),
  volumeattachments: rules<VolumeAttachment>({
    validate: validateVolumeAttachment,
    validateUpdate: validateVolumeAttachmentUpdate,
    validateStatusUpdate: validateVolumeAttachmentUpdate,
  }),
  csidrivers: rules<CSIDriver>({
    prepareForCreate({ spec }) {
      delete spec.preventPodSchedulingIfMissing
    },
    prepareForUpdate({ metadata, spec }, old) {
      if (old.spec.preventPodSchedulingIfMissing === undefined) delete spec.preventPodSchedulingIfMissing
      if (!semanticEqual(spec, old.spec)) metadata.generation = (old.metadata.generation ?? 0) + 1
    },
    validate: validateCsiDriver,
    validateUpdate: validateCsiDriverUpdate,
    warnings: csiDriverWarnings,
  }),
  csinodes: rules<CSINode>({ validate: validateCsiNode, validateUpdate: validateCsiNodeUpdate }),
  csistoragecapacities: rules<CSIStorageCapacity>({
    validate: validateCsiStorageCapacity,
    validateUpdate: validateCsiStorageCapacityUpdate,
    warnings: csiStorageCapacityWarnings,
  }),
  volumeattributesclasses: rules<VolumeAttributesClass>({
    validate: validateVolumeAttributesClass,
    validateUpdate: validateVolumeAttributesClassUpdate,
  }),
}
