import { describe, expect, it } from "vitest"
import type { ClusterTrustBundle } from "../../api/certificates/v1beta1/cluster-trust-bundle.ts"
import { projectTrustBundle } from "./trust-bundles.ts"

const pem = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`
const bundle = (name: string, signerName: string, labels: Record<string, string>, trustBundle: string) =>
  ({ metadata: { name, labels }, spec: { signerName, trustBundle } }) as unknown as ClusterTrustBundle
const bundles = [
  bundle("one", "example.com/a", { live: "yes" }, `a comment\n${pem("AAAA")}${pem("BBBB")}`),
  bundle("two", "example.com/a", { live: "no" }, pem("AAAA")),
  bundle("three", "example.com/b", { live: "yes" }, pem("CCCC")),
]
const path = "ca.pem"

describe("trust bundles in a volume", () => {
  it.each([
    [{ name: "two", path }, pem("AAAA")],
    [{ signerName: "example.com/a", labelSelector: {}, path }, pem("AAAA") + pem("BBBB")],
    [{ signerName: "example.com/a", labelSelector: { matchLabels: { live: "no" } }, path }, pem("AAAA")],
    [{ signerName: "example.com/a", optional: true, path }, ""],
    [{ name: "none", optional: true, path }, ""],
  ])("are those that are asked for, each certificate once: %#", (source, text) => {
    expect(projectTrustBundle(source, bundles)).toBe(text)
  })

  it.each([
    [{ name: "none", path }, 'clustertrustbundle.certificates.k8s.io "none" not found'],
    [{ signerName: "example.com/a", path }, "combination of signerName and labelSelector matched zero"],
  ])("must be there unless they are optional: %#", (source, problem) => {
    expect(() => projectTrustBundle(source, bundles)).toThrow(problem)
  })
})
