import { invalidValue, requiredValue, tooLong } from "../../apimachinery/field-error.ts"
import type { FieldPath } from "../../apimachinery/field-path.ts"
import {
  dnsLabelProblems,
  dnsSubdomainName,
  dnsSubdomainProblems,
  type NameRule,
} from "../../apimachinery/names.ts"
import { quote } from "../../base/quote.ts"
import { utf8Length } from "../../base/utf8.ts"
import type { Errors } from "./checks.ts"

const maxDomainBytes = 253
const maxNameBytes = maxDomainBytes + 1 + (253 + 63 + 1)

/** Who signs certificates: "example.com/signer-name". */
export function* validateSignerName(name: string, path: FieldPath): Errors {
  if (!name) {
    yield requiredValue(path)
    return
  }
  const [domain = "", rest = "", ...more] = name.split("/")
  if (!name.includes("/") || more.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'"
    yield invalidValue(path, name, detail)
    return
  }
  if (utf8Length(domain) > maxDomainBytes) yield tooLong(path, maxDomainBytes)
  yield* firstBadLabel(domain, dnsLabelProblems, path)
  if (!domain.includes(".")) {
    yield invalidValue(path, domain, "should be a domain with at least two segments separated by dots")
  }
  yield* firstBadLabel(rest, dnsSubdomainProblems, path)
  if (utf8Length(name) > maxNameBytes) yield tooLong(path, maxNameBytes)
}

function* firstBadLabel(
  text: string,
  problemsOf: (label: string) => readonly string[],
  path: FieldPath,
): Errors {
  const label = text.split(".").find((each) => problemsOf(each).length > 0)
  if (label === undefined) return
  for (const problem of problemsOf(label)) {
    yield invalidValue(path, text, `validating label ${quote(label)}: ${problem}`)
  }
}

/** Kubernetes' own signers keep to stricter limits. */
export function isKubernetesSigner(signerName: string): boolean {
  const host = signerName.split("/", 1)[0]!
  return host === "kubernetes.io" || host.endsWith(".kubernetes.io")
}

/** "example.com:signer:name": a bundle of a signer begins with the signer's name. */
export function clusterTrustBundleName(signerName: string): NameRule {
  if (!signerName) {
    return (name, prefix) =>
      name.includes(":")
        ? ['ClusterTrustBundle without signer name must not have ":" in its name']
        : dnsSubdomainName(name, prefix)
  }
  const required = `${signerName.replaceAll("/", ":")}:`
  return (name, prefix) =>
    name.startsWith(required)
      ? dnsSubdomainName(name.slice(required.length), prefix)
      : [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${required}`]
}

/** The signer whose bundle a name says it is; "" if it says none. */
export function signerOfTrustBundle(name: string): string {
  const colon = name.lastIndexOf(":")
  return colon < 0 ? "" : name.slice(0, colon).replaceAll(":", "/")
}
