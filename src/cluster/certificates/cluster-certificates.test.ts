import { X509Certificate } from "node:crypto"
import { mkdtempSync, rmSync, statSync, writeFileSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { realRandom } from "../../base/real/random.ts"
import { SimulatedClock } from "../../base/simulated/clock.ts"
import { ensureClusterCertificates } from "./cluster-certificates.ts"

const dayMs = 24 * 60 * 60 * 1000
let directory: string
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "certificates-")), "pki")
})
afterEach(() => rmSync(join(directory, ".."), { recursive: true }))

function ensure(clock = new SimulatedClock(), hosts = ["192.0.2.7", "box.example"]) {
  const server = { hosts, serviceAddress: "10.96.0.1" }
  return ensureClusterCertificates({ directory, server, clock, random: realRandom })
}

describe("the cluster's certificates", () => {
  it("name their components as kubeadm does", () => {
    const certificates = ensure()
    const subjectOf = (name: string) => certificates.get(name).certificate.subject
    expect(subjectOf("admin")).toEqual({
      commonName: "kubernetes-admin",
      organizations: ["kubeadm:cluster-admins"],
    })
    expect(subjectOf("scheduler").commonName).toBe("system:kube-scheduler")
    expect(subjectOf("controller-manager").commonName).toBe("system:kube-controller-manager")
    expect(certificates.ensureNode("n1", []).client.certificate.subject).toEqual({
      commonName: "system:node:n1",
      organizations: ["system:nodes"],
    })
  })

  it("are signed by their authority and carry the server's names", () => {
    const certificates = ensure()
    const authority = new X509Certificate(certificates.authority("ca").der)
    const server = new X509Certificate(certificates.get("apiserver").der)
    expect(server.verify(authority.publicKey)).toBe(true)
    for (const host of ["kubernetes.default.svc.cluster.local", "localhost", "box.example"])
      expect(server.checkHost(host), host).toBe(host)
    for (const address of ["10.96.0.1", "127.0.0.1", "192.0.2.7"])
      expect(server.checkIP(address), address).toBe(address)
    const frontProxy = new X509Certificate(certificates.get("front-proxy-client").der)
    expect(frontProxy.verify(authority.publicKey)).toBe(false)
  })

  it("are used again at the next start", () => {
    const first = ensure()
    const second = ensure()
    for (const name of ["apiserver", "admin", "front-proxy-client"])
      expect(second.get(name).certificatePem).toBe(first.get(name).certificatePem)
    expect(second.serviceAccountKey).toEqual(first.serviceAccountKey)
  })

  it("keep private keys to their owner", () => {
    ensure()
    for (const name of ["ca.key", "apiserver.key", "sa.key"])
      expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o600)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  it("are made anew when the server gets another name, or a file does not belong", () => {
    const first = ensure()
    writeFileSync(join(directory, "admin.key"), readFileSync(join(directory, "scheduler.key")))
    const second = ensure(new SimulatedClock(), ["198.51.100.1"])
    expect(second.get("apiserver").certificatePem).not.toBe(first.get("apiserver").certificatePem)
    expect(second.get("admin").certificatePem).not.toBe(first.get("admin").certificatePem)
    expect(second.get("scheduler").certificatePem).toBe(first.get("scheduler").certificatePem)
  })

  it("are renewed while running, a third of their life before they end", async () => {
    const clock = new SimulatedClock()
    const certificates = ensure(clock)
    const before = certificates.get("apiserver").certificatePem
    const renewed: string[] = []
    certificates.onRenewed((name) => renewed.push(name))
    const timer = certificates.keepFresh()
    await clock.advance(240 * dayMs)
    expect(renewed).toEqual([])
    await clock.advance(5 * dayMs)
    timer.cancel()
    expect(renewed).toContain("apiserver")
    expect(renewed).toHaveLength(8)
    const after = certificates.get("apiserver")
    expect(after.certificatePem).not.toBe(before)
    expect(readFileSync(join(directory, "apiserver.crt"), "utf8")).toBe(after.certificatePem)
  })

  it("end with a clear error when the authority has ended", () => {
    ensure(new SimulatedClock(Date.UTC(2026, 0, 1)))
    expect(() => ensure(new SimulatedClock(Date.UTC(2036, 0, 2)))).toThrow(/ca\.crt ended on 2035/)
  })
})
