import { expect, it } from "vitest"
import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { containerSecurityContext, namespaceOptions } from "./security-context.ts"

const podOf = (spec: object = {}) =>
  ({ metadata: { name: "p", namespace: "d", uid: "u" }, spec: { containers: [], ...spec } }) as unknown as Pod
const containerOf = (securityContext: object = {}) => ({ name: "c", securityContext }) as unknown as Container
const options = { image: { username: "" }, seccompDirectory: "/seccomp" }

it("lets the container's word stand above the pod's", () => {
  const pod = podOf({ securityContext: { runAsUser: 1, runAsGroup: 2, fsGroup: 3, supplementalGroups: [4] } })
  expect(containerSecurityContext(pod, containerOf({ runAsUser: 5 }), options)).toMatchObject({
    runAsUser: 5,
    runAsGroup: 2,
    supplementalGroups: [3, 4],
    privileged: false,
    noNewPrivileges: false,
    seccomp: { profileType: "Unconfined" },
  })
})

it("runs as the image says where nobody else does", () => {
  expect(
    containerSecurityContext(podOf(), containerOf(), { ...options, image: { uid: 7, username: "" } })
      .runAsUser,
  ).toBe(7)
  expect(
    containerSecurityContext(podOf(), containerOf(), { ...options, image: { username: "web" } }),
  ).toMatchObject({
    runAsUsername: "web",
  })
})

it("hides parts of /proc, but not from the privileged", () => {
  expect(containerSecurityContext(podOf(), containerOf(), options).maskedPaths).toContain("/proc/kcore")
  const privileged = containerSecurityContext(podOf(), containerOf({ privileged: true }), options)
  expect(privileged.maskedPaths).toBeUndefined()
  expect(privileged.seccomp?.profileType).toBe("Unconfined")
})

it("finds profiles where the kubelet keeps them", () => {
  const seccompProfile = { type: "Localhost", localhostProfile: "audit.json" }
  expect(containerSecurityContext(podOf(), containerOf({ seccompProfile }), options).seccomp).toEqual({
    profileType: "Localhost",
    localhostRef: "/seccomp/audit.json",
  })
})

it.each([
  [{ runAsNonRoot: true }, {}, "container has runAsNonRoot and image will run as root"],
  [{ runAsNonRoot: true, runAsUser: 0 }, {}, "container's runAsUser breaks non-root policy"],
  [
    { runAsNonRoot: true },
    { username: "web" },
    "image has non-numeric user (web), cannot verify user is non-root",
  ],
])("refuses root where root is not wanted: %o", (context, image, message) => {
  const run = () =>
    containerSecurityContext(podOf(), containerOf(context), { ...options, image: { username: "", ...image } })
  expect(run).toThrow(message)
})

it("shares the namespaces that the pod shares", () => {
  expect(namespaceOptions(podOf())).toEqual({ network: "POD", pid: "CONTAINER", ipc: "POD" })
  expect(namespaceOptions(podOf({ shareProcessNamespace: true })).pid).toBe("POD")
  expect(namespaceOptions(podOf({ hostNetwork: true, hostPID: true, hostIPC: true }))).toEqual({
    network: "NODE",
    pid: "NODE",
    ipc: "NODE",
  })
  expect(namespaceOptions(podOf(), { targetContainerId: "abc" })).toMatchObject({
    pid: "TARGET",
    targetId: "abc",
  })
})
