/** OpenSSL's names of the suites that upstream's `--tls-cipher-suites` knows and that are still considered safe. */
const openSslNames: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: "ECDHE-ECDSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: "ECDHE-RSA-CHACHA20-POLY1305",
  TLS_AES_128_GCM_SHA256: "TLS_AES_128_GCM_SHA256",
  TLS_AES_256_GCM_SHA384: "TLS_AES_256_GCM_SHA384",
  TLS_CHACHA20_POLY1305_SHA256: "TLS_CHACHA20_POLY1305_SHA256",
}

const modern = Object.keys(openSslNames)
/** Those of TLS 1.3 are not a matter of choice, in Go neither. */
const always = modern.filter((name) => !name.includes("_WITH_"))

/**
 * The suites as OpenSSL wants them told. Throws Error for one that is not known, or not safe.
 *
 * @param names as upstream's flag has them. @default all with forward secrecy that also vouch for what they encrypt
 */
export function cipherList(names: readonly string[] = modern): string {
  const translated = [...names, ...always].map((name) => {
    const found = openSslNames[name]
    if (!found)
      throw new Error(`Cipher suite ${name} not supported or doesn't exist; known are ${modern.join(", ")}`)
    return found
  })
  return [...new Set(translated)].join(":")
}
