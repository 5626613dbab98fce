import { invalidValue } from "../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../apimachinery/field-path.ts"
import { utf8Length } from "../../../base/utf8.ts"
import { dnsSubdomain, type Errors } from "../../validation/checks.ts"
import type { PodSpec } from "../v1/pod.ts"
import type { WindowsSecurityContextOptions } from "../v1/security-context.ts"
import type { ContainerAt } from "./containers-of.ts"

const maxCredentialSpecKiB = 64

export function* validateWindowsOptions(
  options: WindowsSecurityContextOptions | undefined,
  path: FieldPath,
): Errors {
  if (!options) return
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options
  if (gmsaCredentialSpecName !== undefined) {
    yield* dnsSubdomain(gmsaCredentialSpecName, path.child("gmsaCredentialSpecName"))
  }
  const at = path.child("gmsaCredentialSpec")
  if (gmsaCredentialSpec === "") {
    yield invalidValue(at, "", "gmsaCredentialSpec cannot be an empty string")
  } else if (gmsaCredentialSpec && utf8Length(gmsaCredentialSpec) > maxCredentialSpecKiB * 1024) {
    const detail = `gmsaCredentialSpec size must be under ${maxCredentialSpecKiB} KiB`
    yield invalidValue(at, gmsaCredentialSpec, detail)
  }
  if (runAsUserName === undefined) return
  for (const detail of userNameProblems(runAsUserName)) {
    yield invalidValue(path.child("runAsUserName"), runAsUserName, detail)
  }
}

const maxDomainLength = 256
const maxUserLength = 104
const dnsLabel = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
const dnsDomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`)
const netBiosDomain = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/

/** "DOMAIN\user", or "user". */
function userNameProblems(name: string): string[] {
  if (name === "") return ["runAsUserName cannot be an empty string"]
  // oxlint-disable-next-line no-control-regex
  if (/[\x00-\x1f\x7f]/.test(name)) return ["runAsUserName cannot contain control characters"]
  const parts = name.split("\\")
  if (parts.length > 2) return ["runAsUserName cannot contain more than one backslash"]
  const [domain, user] = parts.length === 2 ? [parts[0]!, parts[1]!] : [undefined, name]
  return [...domainProblems(domain), ...userProblems(user)].map((problem) => `runAsUserName's ${problem}`)
}

function domainProblems(domain: string | undefined): string[] {
  if (domain === undefined) return []
  const found: string[] = []
  if (utf8Length(domain) >= maxDomainLength) {
    found.push(`Domain length must be under ${maxDomainLength} characters`)
  }
  if (!netBiosDomain.test(domain) && !dnsDomain.test(domain)) {
    found.push("Domain doesn't match the NetBios nor the DNS format")
  }
  return found
}

function userProblems(user: string): string[] {
  const found: string[] = []
  if (user === "") found.push("User cannot be empty")
  else if (utf8Length(user) > maxUserLength) {
    found.push(`User length must not be longer than ${maxUserLength} characters`)
  }
  if (/^[. ]+$/.test(user)) found.push("User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    found.push('User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
  }
  return found
}

/** HostProcess containers run as the host does; a pod has nothing else or none of them. */
export function* validateHostProcess(
  spec: PodSpec,
  containers: readonly ContainerAt[],
  path: FieldPath,
): Errors {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  let count = 0
  let hostProcesses = 0
  for (const { container, path: at } of containers) {
    count++
    const ofContainer = container.securityContext?.windowsOptions?.hostProcess
    if (ofPod !== undefined && ofContainer !== undefined && ofPod !== ofContainer) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
      yield invalidValue(at.child("securityContext", "windowsOptions", "hostProcess"), ofContainer, detail)
    }
    if (ofContainer ?? ofPod) hostProcesses++
  }
  if (hostProcesses === 0) return
  if (hostProcesses !== count) {
    const detail =
      "If pod contains any hostProcess containers then all containers must be HostProcess containers"
    yield invalidValue(path, "", detail)
  }
  if (!spec.hostNetwork) {
    const detail = "hostNetwork must be true if pod contains any hostProcess containers"
    yield invalidValue(path.child("hostNetwork"), false, detail)
  }
}
