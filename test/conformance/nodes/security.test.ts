import { expect } from "vitest"
import { outputOf, podOf, shell } from "./pods.ts"
import { onRealNodes, useRealNodes } from "./real-nodes.ts"

useRealNodes()

const linux = "[LinuxOnly] [Conformance] [NodeConformance]"
const title = "[sig-node] Security Context"

onRealNodes(
  `${title} When creating a container with runAsUser should run the container with uid 65534 ${linux}`,
  async (world) => {
    const container = shell("id -u", { securityContext: { runAsUser: 65534 } })
    expect(await outputOf(world, podOf("restricted", [container]))).toBe("65534\n")
  },
)
onRealNodes(
  `${title} When creating a pod with privileged should run the container as unprivileged when false ${linux}`,
  async (world) => {
    const container = shell("ip link add dummy0 type dummy 2>&1 || true", {
      securityContext: { privileged: false },
    })
    expect(await outputOf(world, podOf("restricted", [container]))).toContain("Operation not permitted")
  },
)
onRealNodes(
  `${title} When creating a pod with readOnlyRootFilesystem should run the container with writable rootfs when readOnlyRootFilesystem=false [Conformance] [NodeConformance]`,
  async (world) => {
    const container = shell("touch /checkfile && ls /checkfile", {
      securityContext: { readOnlyRootFilesystem: false },
    })
    expect(await outputOf(world, podOf("restricted", [container]))).toBe("/checkfile\n")
  },
)
onRealNodes(
  `${title} when creating containers with AllowPrivilegeEscalation should not allow privilege escalation when false ${linux}`,
  async (world) => {
    // The kernel tells whether a set-user-id program could gain anything.
    const container = shell("grep NoNewPrivs /proc/self/status && id -u", {
      securityContext: { allowPrivilegeEscalation: false, runAsUser: 1000 },
    })
    const output = await outputOf(world, podOf("restricted", [container]))
    expect(output).toMatch(/^NoNewPrivs:\s+1\n1000\n$/)
  },
)

const ids = { runAsUser: 1001, runAsGroup: 2002 }
onRealNodes(
  `${title} should support container.SecurityContext.RunAsUser And container.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]`,
  async (world) => {
    const pod = podOf("restricted", [shell("id -u; id -g", { securityContext: ids })])
    expect(await outputOf(world, pod)).toBe("1001\n2002\n")
  },
)
onRealNodes(
  `${title} should support pod.Spec.SecurityContext.RunAsUser And pod.Spec.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]`,
  async (world) => {
    const pod = podOf("restricted", [shell("id -u; id -g")], { spec: { securityContext: ids } })
    expect(await outputOf(world, pod)).toBe("1001\n2002\n")
  },
)

onRealNodes(
  "[sig-node] Sysctls [LinuxOnly] should support sysctls [Environment:NotInUserNS] [Conformance] [NodeConformance]",
  async (world) => {
    const securityContext = { sysctls: [{ name: "kernel.shm_rmid_forced", value: "1" }] }
    const pod = podOf("tuned", [shell("cat /proc/sys/kernel/shm_rmid_forced")], { spec: { securityContext } })
    expect(await outputOf(world, pod)).toBe("1\n")
  },
)
