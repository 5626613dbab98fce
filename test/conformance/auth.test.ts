import { expect } from "vitest"
import { conformance, eventually, type Json, useCluster } from "./harness.ts"

useCluster()

const authentication = "/apis/authentication.k8s.io/v1"
const authorization = "/apis/authorization.k8s.io/v1"

conformance(
  "[sig-auth] ServiceAccounts should create a serviceAccountToken and ensure a successful TokenReview [Conformance]",
  async ({ api, namespace }) => {
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`
    await api.create(accounts, { metadata: { name: "e2e" } })
    const issued = await api.create(`${accounts}/e2e/token`, { spec: { expirationSeconds: 3600 } })
    const { token } = issued["status"]
    expect(token.split(".").length).toBe(3)
    const { status } = await api.create(`${authentication}/tokenreviews`, { spec: { token } })
    expect(status.error).toBeUndefined()
    expect(status).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${namespace}:e2e` },
    })
  },
)

conformance(
  "[sig-auth] ServiceAccounts should guarantee kube-root-ca.crt exist in any namespace [Conformance]",
  async ({ api, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`
    const find = async (check: (found: Json) => boolean) => {
      const { status, body } = await api.send("GET", path)
      return status === 200 && check(body) && body
    }
    const published = await eventually(() => find(() => true), "the authority is published")
    expect(published["data"]["ca.crt"]).toContain("BEGIN CERTIFICATE")
    await api.delete(path)
    const { uid } = published["metadata"]
    await eventually(() => find((found) => found["metadata"].uid !== uid), "it comes back when deleted")
    await api.patch(path, { data: { "ca.crt": "" } })
    await eventually(() => find((found) => found["data"]["ca.crt"] !== ""), "it is mended when spoiled")
  },
)

conformance(
  "[sig-auth] ServiceAccounts should update a ServiceAccount [Conformance]",
  async ({ api, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`
    const made = await api.create(path, { metadata: { name: "e2e" }, automountServiceAccountToken: false })
    const updated = await api.update(`${path}/e2e`, { ...made, automountServiceAccountToken: true })
    expect(updated["automountServiceAccountToken"]).toBe(true)
  },
)

conformance(
  "[sig-auth] SubjectReview should support SubjectReview API operations [Conformance]",
  async ({ api, namespace }) => {
    const user = `system:serviceaccount:${namespace}:e2e`
    const resourceAttributes = { namespace, verb: "get", version: "v1", resource: "configmaps", name: "x" }
    const ask = async () => {
      const subject = { user, resourceAttributes }
      const everywhere = await api.create(`${authorization}/subjectaccessreviews`, { spec: subject })
      const here = await api.create(`${authorization}/namespaces/${namespace}/localsubjectaccessreviews`, {
        metadata: { namespace },
        spec: subject,
      })
      const self = await api.send("POST", `${authorization}/selfsubjectaccessreviews`, {
        headers: { "impersonate-user": user },
        body: { spec: { resourceAttributes } },
      })
      return [everywhere["status"].allowed, here["status"].allowed, self.body["status"]?.allowed ?? false]
    }
    expect(await ask()).toEqual([false, false, false])
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
    await api.create(`${rbac}/roles`, {
      metadata: { name: "reader" },
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get"] }],
    })
    await api.create(`${rbac}/rolebindings`, {
      metadata: { name: "reader" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
      subjects: [{ kind: "ServiceAccount", name: "e2e", namespace }],
    })
    expect(await ask()).toEqual([true, true, true])
  },
)

conformance(
  "[sig-auth] ServiceAccounts should allow opting out of API token automount [Conformance]",
  async ({ api, namespace }) => {
    const accounts = { mount: true, nomount: false, default: undefined }
    for (const [name, automountServiceAccountToken] of Object.entries(accounts)) {
      const metadata = { name: `${name}-sa` }
      const wanted = automountServiceAccountToken === undefined ? {} : { automountServiceAccountToken }
      await api.create(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata, ...wanted })
    }
    // What the pod says counts, then what the account says, and then it is mounted.
    const cases: [string, boolean | undefined, boolean][] = [
      ["default", undefined, true],
      ["default", true, true],
      ["default", false, false],
      ["mount", undefined, true],
      ["mount", true, true],
      ["mount", false, false],
      ["nomount", undefined, false],
      ["nomount", true, true],
      ["nomount", false, false],
    ]
    for (const [account, ofPod, isMounted] of cases) {
      const pod = await api.create(`/api/v1/namespaces/${namespace}/pods`, {
        metadata: { generateName: "pod-" },
        spec: {
          containers: [{ name: "token-test", image: "registry.k8s.io/pause:3.10" }],
          restartPolicy: "Never",
          serviceAccountName: `${account}-sa`,
          ...(ofPod !== undefined && { automountServiceAccountToken: ofPod }),
        },
      })
      const mounts: Json[] = pod["spec"].containers[0].volumeMounts ?? []
      const path = "/var/run/secrets/kubernetes.io/serviceaccount"
      expect(
        mounts.some(({ mountPath }) => mountPath === path),
        `${account} ${ofPod}`,
      ).toBe(isMounted)
    }
  },
)
