import {
  forbiddenValue,
  invalidValue,
  notFoundValue,
  requiredValue,
  unsupportedValue,
} from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { type Errors, required } from "../../validation/checks.ts"
import { descendingPath } from "../../validation/paths.ts"
import type { Container, VolumeDevice, VolumeMount } from "../v1/container.ts"
import type { KnownVolumes } from "./volumes.ts"

// What a container sees of the pod's volumes: as files (mounts) or as block devices, but no volume and no path as both.

export function* validateVolumeMounts(container: Container, volumes: KnownVolumes, path: FieldPath): Errors {
  const { volumeMounts = [], volumeDevices = [] } = container
  const seen = new Set<string>()
  for (const [index, mount] of volumeMounts.entries()) {
    const { name, mountPath } = mount
    const at = path.index(index)
    yield* required(name, at.child("name"))
    if (!volumes.has(name)) yield notFoundValue(at.child("name"), name)
    yield* required(mountPath, at.child("mountPath"))
    if (seen.has(mountPath)) yield invalidValue(at.child("mountPath"), mountPath, "must be unique")
    seen.add(mountPath)
    if (volumeDevices.some((device) => device.name === name)) {
      yield invalidValue(at.child("name"), name, "must not already exist in volumeDevices")
    }
    if (volumeDevices.some((device) => device.devicePath === mountPath)) {
      const detail = "must not already exist as a path in volumeDevices"
      yield invalidValue(at.child("mountPath"), mountPath, detail)
    }
    yield* subPaths(mount, at, path)
    yield* propagation(mount, container, path.child("mountPropagation"))
    yield* recursiveReadOnly(mount, path.child("recursiveReadOnly"))
  }
}

function* subPaths({ subPath, subPathExpr }: VolumeMount, at: FieldPath, path: FieldPath): Errors {
  if (subPath) yield* descendingPath(subPath, path.child("subPath"))
  if (!subPathExpr) return
  if (subPath) {
    const detail = "subPathExpr and subPath are mutually exclusive"
    yield invalidValue(at.child("subPathExpr"), subPathExpr, detail)
  }
  yield* descendingPath(subPathExpr, path.child("subPathExpr"))
}

const propagations = ["Bidirectional", "HostToContainer", "None"]

function* propagation(
  { mountPropagation: mode }: VolumeMount,
  container: Container,
  path: FieldPath,
): Errors {
  if (mode === undefined) return
  if (!propagations.includes(mode)) yield unsupportedValue(path, mode, propagations)
  if (mode === "Bidirectional" && !container.securityContext?.privileged) {
    yield forbiddenValue(path, "Bidirectional mount propagation is available only to privileged containers")
  }
}

const readOnlyModes = ["Disabled", "Enabled", "IfPossible"]

function* recursiveReadOnly(mount: VolumeMount, path: FieldPath): Errors {
  const { recursiveReadOnly: mode, readOnly, mountPropagation } = mount
  if (mode === undefined || mode === "Disabled") return
  if (!readOnlyModes.includes(mode)) {
    yield unsupportedValue(path, mode, readOnlyModes)
    return
  }
  if (!readOnly) yield forbiddenValue(path, "may only be specified when readOnly is true")
  if (mountPropagation !== undefined && mountPropagation !== "None") {
    yield forbiddenValue(path, "may only be specified when mountPropagation is None or not specified")
  }
}

export function* validateVolumeDevices(container: Container, volumes: KnownVolumes, path: FieldPath): Errors {
  const { volumeMounts = [], volumeDevices = [] } = container
  const paths = new Set<string>()
  const names = new Set<string>()
  for (const [index, device] of volumeDevices.entries()) {
    const { name, devicePath } = device
    const at = path.index(index)
    yield* deviceName(device, names, volumes, at)
    if (!devicePath) yield requiredValue(at.child("devicePath"))
    if (paths.has(devicePath)) yield invalidValue(at.child("devicePath"), devicePath, "must be unique")
    if (devicePath.split("/").includes("..")) {
      yield invalidValue(at.child("devicePath"), devicePath, "can not contain backsteps ('..')")
    } else paths.add(devicePath)
    if (volumeMounts.some((mount) => mount.name === name)) {
      yield invalidValue(at.child("name"), name, "must not already exist in volumeMounts")
    }
    if (volumeMounts.some((mount) => mount.mountPath === devicePath)) {
      const detail = "must not already exist as a path in volumeMounts"
      yield invalidValue(at.child("devicePath"), devicePath, detail)
    }
    if (name) names.add(name)
  }
}

function* deviceName(
  { name }: VolumeDevice,
  names: ReadonlySet<string>,
  volumes: KnownVolumes,
  path: FieldPath,
): Errors {
  const at = path.child("name")
  if (!name) yield requiredValue(at)
  if (names.has(name)) yield invalidValue(at, name, "must be unique")
  const volume = volumes.get(name)
  if (!volume) yield notFoundValue(at, name)
  else if (!volume.persistentVolumeClaim && !volume.ephemeral) {
    const detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
    yield invalidValue(at, name, detail)
  }
}
