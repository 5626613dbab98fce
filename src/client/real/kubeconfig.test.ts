import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readKubeconfig, resolveContext } from "./kubeconfig.ts"

const directory = mkdtempSync(join(tmpdir(), "kubeconfig-"))
const first = join(directory, "first")
const second = join(directory, "second")

beforeAll(() => {
  writeFileSync(join(directory, "key.pem"), "KEY")
  writeFileSync(
    first,
    `
apiVersion: v1
kind: Config
current-context: a
clusters:
- name: a
  cluster: { server: "https://127.0.0.1:1", certificate-authority-data: ${btoa("CA")} }
contexts:
- name: a
  context: { cluster: a, user: a, namespace: work }
- name: broken
  context: { cluster: nowhere }
users:
- name: a
  user: { client-certificate-data: ${btoa("CERT")}, client-key: key.pem }
`,
  )
  writeFileSync(
    second,
    JSON.stringify({
      "current-context": "b",
      clusters: [
        { name: "a", cluster: { server: "https://second" } },
        { name: "b", cluster: { server: "https://b", "insecure-skip-tls-verify": true } },
      ],
      contexts: [{ name: "b", context: { cluster: "b", user: "b" } }],
      users: [{ name: "b", user: { token: "secret", as: "jane", "as-groups": ["x"] } }],
    }),
  )
})
afterAll(() => rmSync(directory, { recursive: true }))

describe("kubeconfig", () => {
  it("merges files: the first one's entries and current context count", async () => {
    const kubeconfig = await readKubeconfig(join(directory, "absent"), first, second)
    expect(kubeconfig.currentContext).toBe("a")
    expect(resolveContext(kubeconfig)).toEqual({
      namespace: "work",
      connection: {
        server: "https://127.0.0.1:1",
        certificateAuthority: "CA",
        clientCertificate: "CERT",
        clientKey: "KEY",
      },
    })
  })

  it("resolves tokens and impersonation", async () => {
    const { connection, namespace } = resolveContext(await readKubeconfig(first, second), "b")
    expect(namespace).toBe("default")
    expect(connection).toEqual({
      server: "https://b",
      insecureSkipTlsVerify: true,
      token: "secret",
      impersonate: { user: "jane", groups: ["x"] },
    })
  })

  it("says what is missing", async () => {
    const kubeconfig = await readKubeconfig(first)
    expect(() => resolveContext(kubeconfig, "other")).toThrow('context "other" does not exist')
    expect(() => resolveContext(kubeconfig, "broken")).toThrow(
      'cluster "nowhere" of context "broken" does not exist',
    )
  })

  it("refuses a file that is something else", async () => {
    const path = join(directory, "text")
    writeFileSync(path, "just words")
    await expect(readKubeconfig(path)).rejects.toThrow("is not a kubeconfig")
  })
})
