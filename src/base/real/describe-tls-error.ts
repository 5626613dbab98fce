const untrusted = "tls: failed to verify certificate: x509: certificate signed by unknown authority"

const phrases: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
  CERT_HAS_EXPIRED: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
  CERT_NOT_YET_VALID: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
}

interface TlsError {
  readonly code?: string | undefined
  readonly cert?: { readonly subjectaltname?: string }
}

/** Why a TLS server was not trusted, as Go's libraries put it; undefined for other failures. `name` is whom we meant. */
export function describeTlsError(error: Error & TlsError, name: string): string | undefined {
  const { code, cert } = error
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return nameMismatch(cert?.subjectaltname ?? "", name)
  if (code === "EPROTO" && /wrong version number|packet length too long/.test(error.message))
    return "http: server gave HTTP response to HTTPS client"
  return phrases[code ?? ""]
}

/** `alternatives` as Node.js tells them: "DNS:a.example, IP Address:10.0.0.1". */
function nameMismatch(alternatives: string, name: string): string {
  const isAddress = /^[\d.]+$|:/.test(name)
  const prefix = isAddress ? "IP Address:" : "DNS:"
  const names = alternatives
    .split(", ")
    .filter((each) => each.startsWith(prefix))
    .map((each) => each.slice(prefix.length))
  const head = "tls: failed to verify certificate: x509: "
  if (names.length > 0) return `${head}certificate is valid for ${names.join(", ")}, not ${name}`
  return isAddress
    ? `${head}cannot validate certificate for ${name} because it doesn't contain any IP SANs`
    : `${head}certificate is not valid for any names, but wanted to match ${name}`
}
