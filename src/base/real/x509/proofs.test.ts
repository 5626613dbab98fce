import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import { describe, expect, test } from "vitest"
import { signCertificateRequest } from "./certificate-request.ts"
import { generateKey } from "./keys.ts"
import { isProvenBy, requestSignatureProblem } from "./proofs.ts"

describe("a certificate request", () => {
  const der = signCertificateRequest({ subject: { commonName: "jane" } }, generateKey())

  test("is signed by its own key", () => expect(requestSignatureProblem(der)).toBeUndefined())

  test("says what is wrong when somebody has changed it", () => {
    const changed = Buffer.from(der)
    changed[changed.indexOf("jane")] = 75
    expect(requestSignatureProblem(changed)).toBe("x509: ECDSA verification failure")
  })

  test("that is none is for others to judge", () => {
    expect(requestSignatureProblem(der.subarray(0, 40))).toBeUndefined()
    expect(requestSignatureProblem(new Uint8Array())).toBeUndefined()
  })
})

describe("a proof of possession", () => {
  const text = new TextEncoder().encode("a pod's uid")
  const infoOf = (key: KeyObject) => createPublicKey(key).export({ format: "der", type: "spki" })
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
  const ec = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey
  const ed25519 = generateKeyPairSync("ed25519").privateKey

  test.each([
    ["ed25519", ed25519, sign(null, text, ed25519)],
    ["ec", ec, sign("sha256", text, ec)],
    ["rsa", rsa, sign("sha256", text, { key: rsa, ...padding })],
  ] as const)("by %s", (_, key, proof) => {
    expect(isProvenBy(infoOf(key), text, proof)).toBe(true)
    expect(isProvenBy(infoOf(key), new TextEncoder().encode("another's"), proof)).toBe(false)
    expect(isProvenBy(infoOf(key), text, proof.subarray(1))).toBe(false)
  })

  test("with no key proves nothing", () => expect(isProvenBy(new Uint8Array(5), text, text)).toBe(false))
})
