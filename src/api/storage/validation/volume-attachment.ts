import { forbiddenValue, invalidValue, requiredValue, tooLong } from "../../../apimachinery/field-error.ts"
import { type FieldPath, fieldPath } from "../../../apimachinery/field-path.ts"
import { outsideRange } from "../../../apimachinery/names.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { validateInlineVolumeSpec } from "../../core/validation/persistent-volume.ts"
import { csiDriverName, dnsSubdomain, type Errors, immutable } from "../../validation/checks.ts"
import type { VolumeAttachment, VolumeAttachmentSource, VolumeError } from "../v1/volume-attachment.ts"

const maxMetadataBytes = 256 * 1024
const maxMessageBytes = 1024

export function* validateVolumeAttachment({ spec, status }: VolumeAttachment): Errors {
  const path = fieldPath("spec")
  const { attacher, source, nodeName } = spec
  yield* csiDriverName(attacher, path.child("attacher"))
  yield* volumeSource(source, path.child("source"))
  yield* dnsSubdomain(nodeName, path.child("nodeName"))
  const at = fieldPath("status")
  const entries = Object.entries(status.attachmentMetadata ?? {})
  const size = entries.reduce((sum, [name, value]) => sum + utf8Length(name) + utf8Length(value), 0)
  if (size > maxMetadataBytes) yield tooLong(at.child("attachmentMetadata"), maxMetadataBytes)
  yield* volumeError(status.attachError, at.child("attachError"))
  yield* volumeError(status.detachError, at.child("detachError"))
  const name = source.persistentVolumeName
  if (name !== undefined) yield* dnsSubdomain(name, fieldPath("spec.source.persistentVolumeName"))
}

function* volumeSource(source: VolumeAttachmentSource, path: FieldPath): Errors {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source
  const detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName"
  if (!inline && name === undefined) yield requiredValue(path, detail)
  else if (inline && name !== undefined) yield forbiddenValue(path, detail)
  else if (inline) yield* validateInlineVolumeSpec(inline, path.child("inlineVolumeSpec"))
  else if (!name) {
    yield requiredValue(path.child("persistentVolumeName"), "must specify non empty persistentVolumeName")
  }
}

function* volumeError(error: VolumeError | undefined, path: FieldPath): Errors {
  if (!error) return
  const { message = "", errorCode } = error
  // Upstream names the other limit.
  if (utf8Length(message) > maxMessageBytes) yield tooLong(path.child("message"), maxMetadataBytes)
  if (errorCode !== undefined && errorCode < 0) {
    yield invalidValue(path.child("errorCode"), errorCode, outsideRange(0, 2 ** 31 - 1))
  }
}

export function* validateVolumeAttachmentUpdate(attachment: VolumeAttachment, old: VolumeAttachment): Errors {
  yield* validateVolumeAttachment(attachment)
  yield* immutable(attachment.spec, old.spec, fieldPath("spec"))
}
