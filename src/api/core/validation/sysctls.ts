import { duplicateValue, invalidValue, requiredValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import type { Errors } from "../../validation/checks.ts"
import type { PodSpec } from "../v1/pod.ts"
import type { Sysctl } from "../v1/security-context.ts"

const maxLength = 253
const segment = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
const pattern = `^(${segment}[\\./])*${segment}$`
const namePattern = new RegExp(pattern)

export function* validateSysctls(sysctls: readonly Sysctl[], spec: PodSpec, path: FieldPath): Errors {
  const seen = new Set<string>()
  for (const [index, { name }] of sysctls.entries()) {
    const at = path.index(index).child("name")
    if (!name) yield requiredValue(at)
    else if (name.length > maxLength || !namePattern.test(name)) {
      yield invalidValue(at, name, `must have at most ${maxLength} characters and match regex ${pattern}`)
    } else if (seen.has(name)) yield duplicateValue(at, name)
    yield* hostNamespace(name, spec, at)
    seen.add(name)
  }
}

const ipcNames = [
  "kernel.sem",
  "kernel.shm",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
  "kernel.msg",
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
]

/** A setting of a namespace that the pod shares with the host would be the host's. */
function* hostNamespace(name: string, { hostNetwork, hostIPC }: PodSpec, path: FieldPath): Errors {
  const dotted = normalize(name).replace(/\*.*/s, "")
  if (hostNetwork && dotted.startsWith("net.")) {
    yield invalidValue(path, name, "may not be specified when 'hostNetwork' is true")
  }
  const isIpc = ipcNames.includes(dotted) || dotted.startsWith("fs.mqueue.")
  if (hostIPC && isIpc) yield invalidValue(path, name, "may not be specified when 'hostIPC' is true")
}

/** "net/ipv4/conf/eth0.1/x" is "net.ipv4.conf.eth0/1.x": the first separator says which is which. */
function normalize(name: string): string {
  const first = /[./]/.exec(name)?.[0]
  if (first !== "/") return name
  return name.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/"))
}
