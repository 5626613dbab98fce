import type { KubeObject } from "../../apimachinery/meta.ts"

export function hasFinalizer({ metadata }: KubeObject, name: string): boolean {
  return metadata.finalizers?.includes(name) === true
}

export function withFinalizer<T extends KubeObject>(object: T, name: string): T {
  const finalizers = [...(object.metadata.finalizers ?? []), name]
  return { ...object, metadata: { ...object.metadata, finalizers } }
}

export function withoutFinalizer<T extends KubeObject>(object: T, name: string): T {
  const finalizers = (object.metadata.finalizers ?? []).filter((one) => one !== name)
  return { ...object, metadata: { ...object.metadata, finalizers } }
}
