import { invalidValue } from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import type { Errors } from "./checks.ts"

// Paths of files: nothing may lead out of the directory that it is about.

export function* noBacksteps(target: string, path: FieldPath): Errors {
  if (target.split("/").includes("..")) yield invalidValue(path, target, "must not contain '..'")
}

export function* descendingPath(target: string, path: FieldPath): Errors {
  if (target.startsWith("/")) yield invalidValue(path, target, "must be a relative path")
  yield* noBacksteps(target, path)
}

/** Names with two dots at the start are the kubelet's own, for swapping a volume's contents in one step. */
export function* nonReservedPath(target: string, path: FieldPath): Errors {
  yield* descendingPath(target, path)
  if (target.startsWith("..") && !target.startsWith("../")) {
    yield invalidValue(path, target, "must not start with '..'")
  }
}

/** Permission bits. */
export function* fileMode(mode: number | undefined, path: FieldPath): Errors {
  if (mode !== undefined && (mode > 0o777 || mode < 0)) {
    yield invalidValue(path, mode, "must be a number between 0 and 0777 (octal), both inclusive")
  }
}
