import { expect } from "vitest"
import type { Json } from "../harness.ts"
import { outputOf, podOf, runPod, shell } from "./pods.ts"
import { onRealNodes, useRealNodes } from "./real-nodes.ts"

useRealNodes()

const media: [string, Json][] = [
  ["default", {}],
  ["tmpfs", { medium: "Memory" }],
]
const users: [string, Json][] = [
  ["root", {}],
  ["non-root", { securityContext: { runAsUser: 1001 } }],
]
const volumeMounts = [{ name: "scratch", mountPath: "/scratch" }]

for (const [medium, emptyDir] of media) {
  const volumes = [{ name: "scratch", emptyDir }]
  const fileSystem = medium === "tmpfs" ? /^tmpfs$/ : /^(?!tmpfs)/
  for (const [user, spec] of users) {
    for (const mode of ["0644", "0666", "0777"]) {
      onRealNodes(
        `[sig-storage] EmptyDir volumes should support (${user},${mode},${medium}) [LinuxOnly] [Conformance] [NodeConformance]`,
        async (world) => {
          const script = `echo content > /scratch/file && chmod ${mode} /scratch/file && stat -c %a /scratch/file && cat /scratch/file && awk '$2 == "/scratch" { print $3 }' /proc/mounts`
          const output = await outputOf(
            world,
            podOf("writer", [shell(script, { volumeMounts })], { spec: { volumes, ...spec } }),
          )
          const [found, content, type] = output.trim().split("\n")
          expect([`0${found}`, content]).toEqual([mode, "content"])
          expect(type).toMatch(fileSystem)
        },
      )
    }
  }

  onRealNodes(
    `[sig-storage] EmptyDir volumes volume on ${medium === "tmpfs" ? medium : "default medium"} should have the correct mode [LinuxOnly] [Conformance] [NodeConformance]`,
    async (world) => {
      const pod = podOf("looker", [shell("stat -c %A /scratch", { volumeMounts })], { spec: { volumes } })
      // A file system in memory is everybody's, and each one's files are his own, as /tmp is.
      expect(await outputOf(world, pod)).toBe(medium === "tmpfs" ? "drwxrwxrwt\n" : "drwxrwxrwx\n")
    },
  )
}

onRealNodes(
  "[sig-storage] EmptyDir volumes pod should support shared volumes between containers [Conformance]",
  async (world) => {
    const reader = shell("while [ ! -s /scratch/hello ]; do sleep 0.1; done; cat /scratch/hello", {
      volumeMounts,
    })
    const writer = shell(
      "sleep 1; echo hello from the other > /scratch/new; mv /scratch/new /scratch/hello",
      {
        name: "writer",
        volumeMounts,
      },
    )
    const volumes = [{ name: "scratch", emptyDir: {} }]
    const { output, pod } = await runPod(world, podOf("pair", [reader, writer], { spec: { volumes } }))
    expect(pod["status"]["phase"]).toBe("Succeeded")
    expect(output).toBe("hello from the other\n")
  },
)
