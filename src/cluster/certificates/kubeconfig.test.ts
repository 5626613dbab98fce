import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { load } from "js-yaml"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { kubeconfig, mergeKubeconfig, removeFromKubeconfig, writeKubeconfig } from "./kubeconfig.ts"

const entry = {
  name: "coracle",
  server: "https://127.0.0.1:6443",
  authorityPem: "ca",
  user: "coracle-admin",
  client: { certificatePem: "certificate", keyPem: "key" },
}

let directory: string
let path: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kubeconfig-"))
  path = join(directory, "config")
})
afterEach(() => rmSync(directory, { recursive: true }))

describe("writeKubeconfig", () => {
  it("writes YAML that reads back the same, for its owner alone", () => {
    writeKubeconfig(path, { ...entry, namespace: "true" })
    expect(load(readFileSync(path, "utf8"))).toEqual(kubeconfig({ ...entry, namespace: "true" }))
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })
})

describe("mergeKubeconfig", () => {
  const other = `apiVersion: v1
kind: Config
current-context: work
clusters:
- name: work
  cluster: {server: https://work}
- name: coracle
  cluster: {server: https://old}
contexts:
- name: work
  context: {cluster: work, user: me}
users:
- name: me
  user: {token: secret}
extensions: [1]
`

  it("keeps other clusters and replaces its own", async () => {
    writeFileSync(path, other)
    await mergeKubeconfig(path, entry)
    const merged = load(readFileSync(path, "utf8")) as ReturnType<typeof kubeconfig>
    expect(merged["current-context"]).toBe("coracle")
    expect(merged.clusters?.map(({ name }) => name)).toEqual(["work", "coracle"])
    expect(merged.clusters?.[1]).toEqual(kubeconfig(entry).clusters?.[0])
    expect(merged.users?.map(({ name }) => name)).toEqual(["me", "coracle-admin"])
    expect(merged["extensions"]).toEqual([1])
    await removeFromKubeconfig(path, "coracle", "coracle-admin")
    const rest = load(readFileSync(path, "utf8")) as ReturnType<typeof kubeconfig>
    expect(rest["current-context"]).toBe("work")
    expect(rest.users?.map(({ name }) => name)).toEqual(["me"])
  })

  it("starts a file that is not there", async () => {
    await mergeKubeconfig(path, entry)
    expect(load(readFileSync(path, "utf8"))).toEqual(kubeconfig(entry))
  })
})
