import { X509Certificate } from "node:crypto"
import { describe, expect, it } from "vitest"
import { decodeCertificate, signCertificate } from "./certificate.ts"
import { decodeCertificateRequest, signCertificateRequest } from "./certificate-request.ts"
import { generateKey, publicKeyInfo } from "./keys.ts"
import { decodePem, encodePem } from "./pem.ts"

const notBefore = Date.UTC(2026, 0, 1)
const notAfter = Date.UTC(2051, 5, 2, 3, 4, 5)
const authorityKey = generateKey()
const authority = signCertificate(
  {
    subject: { commonName: "kubernetes" },
    authority: true,
    keyUsage: ["digital signature", "key encipherment", "cert sign"],
    alternativeNames: { dnsNames: ["kubernetes"] },
    notBefore,
    notAfter,
    serialNumber: Uint8Array.of(0x80, 1),
    publicKey: publicKeyInfo(authorityKey),
  },
  { key: authorityKey },
)

describe("signCertificate", () => {
  const key = generateKey()
  const der = signCertificate(
    {
      subject: { commonName: "system:node:née", organizations: ["system:nodes", "b"], uid: "u-1" },
      keyUsage: ["digital signature", "decipher only"],
      extendedKeyUsage: ["server auth", "client auth"],
      alternativeNames: {
        dnsNames: ["localhost", "*.cluster.svc"],
        ipAddresses: ["10.96.0.1", "::1", "fd00:1::2:3"],
        uris: ["spiffe://a/b"],
        emailAddresses: ["a@b"],
      },
      notBefore,
      notAfter: notBefore + 1000,
      serialNumber: Uint8Array.of(0, 0, 7),
      publicKey: publicKeyInfo(key),
    },
    { certificate: authority, key: authorityKey },
  )

  it("is understood and verified by OpenSSL", () => {
    const parent = new X509Certificate(authority)
    const leaf = new X509Certificate(der)
    expect(parent.ca).toBe(true)
    expect(parent.verify(parent.publicKey)).toBe(true)
    expect(leaf.verify(parent.publicKey)).toBe(true)
    expect(leaf.checkIssued(parent)).toBe(true)
    expect(leaf.checkPrivateKey(key)).toBe(true)
    expect(leaf.ca).toBe(false)
    expect(leaf.serialNumber).toBe("07")
    expect(leaf.checkIP("10.96.0.1")).toBe("10.96.0.1")
    expect(leaf.checkHost("a.cluster.svc")).toBe("*.cluster.svc")
    expect(leaf.subjectAltName).toContain("IP Address:FD00:1:0:0:0:0:2:3")
    expect(leaf.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"])
    expect(new Date(parent.validTo).getTime()).toBe(notAfter)
    expect(new Date(parent.validFrom).getTime()).toBe(notBefore)
  })

  it("is read back as it was written", () => {
    const read = decodeCertificate(der)
    expect(read.subject).toEqual({
      commonName: "system:node:née",
      organizations: ["system:nodes", "b"],
      uid: "u-1",
    })
    expect(read.extensions.keyUsage).toEqual(["digital signature", "decipher only"])
    expect(read.extensions.authority).toBe(false)
    expect(read.extensions.alternativeNames).toEqual({
      dnsNames: ["localhost", "*.cluster.svc"],
      ipAddresses: ["10.96.0.1", "::1", "fd00:1::2:3"],
      uris: ["spiffe://a/b"],
      emailAddresses: ["a@b"],
    })
    expect(read.notAfter - read.notBefore).toBe(1000)
    expect(decodeCertificate(authority).extensions.authority).toBe(true)
    expect(decodeCertificate(authority).notAfter).toBe(notAfter)
  })

  it("survives PEM", () => {
    const text = `comment\n${encodePem("CERTIFICATE", der)}${encodePem("CERTIFICATE", authority)}`
    expect(decodePem("CERTIFICATE", text)).toEqual([der, authority])
    expect(new X509Certificate(text).serialNumber).toBe("07")
  })

  it("refuses to read what is cut short", () => {
    expect(() => decodeCertificate(der.subarray(0, 100))).toThrow("data truncated")
    expect(() => decodeCertificate(Uint8Array.of(...der, 0))).toThrow("1 bytes after the end")
  })
})

describe("certificate requests", () => {
  const key = generateKey()
  const request = signCertificateRequest(
    {
      subject: { commonName: "system:node:a", organizations: ["system:nodes"] },
      alternativeNames: { dnsNames: ["a"], ipAddresses: ["10.0.0.1"] },
    },
    key,
  )

  it("are read back with what they ask for", () => {
    const read = decodeCertificateRequest(request)
    expect(read.subject).toEqual({ commonName: "system:node:a", organizations: ["system:nodes"] })
    expect(read.publicKey).toEqual(publicKeyInfo(key))
    expect(read.extensions.alternativeNames.ipAddresses).toEqual(["10.0.0.1"])
  })

  it("are refused when tampered with", () => {
    const forged = Uint8Array.from(request)
    forged[forged.indexOf("a".charCodeAt(0), 40)] = "b".charCodeAt(0)
    expect(() => decodeCertificateRequest(forged)).toThrow()
  })
})
