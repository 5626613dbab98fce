import { expect } from "vitest"
import { eventually, type Json } from "../harness.ts"
import {
  createPod,
  execIn,
  getPod,
  idle,
  logsOf,
  outputOf,
  podOf,
  podsPath,
  runPod,
  shell,
  startPod,
  untilPod,
} from "./pods.ts"
import { onRealNodes, scripting, toolbox, useRealNodes } from "./real-nodes.ts"

// What a container is told to run, and how its end is told.

useRealNodes()

const both = "[Conformance] [NodeConformance]"
const linux = "[LinuxOnly] [Conformance] [NodeConformance]"

// The image "scripting" has the entry point "node" and no arguments of its own; "toolbox" has the arguments "sh".
const image = { image: scripting, command: undefined }
onRealNodes(
  `[sig-node] Containers should use the image defaults if command and args are blank ${both}`,
  async (world) => {
    const pod = podOf("defaults", [
      { name: "main", image: toolbox, stdin: true, stdinOnce: true, tty: false },
    ])
    // A shell that finds the end of its input succeeds; anything else would fail.
    pod["spec"].containers[0].stdin = false
    expect(await outputOf(world, pod)).toBe("")
  },
)
onRealNodes(
  `[sig-node] Containers should be able to override the image's default arguments (container cmd) ${both}`,
  async (world) => {
    const args = ["-e", "console.log('args:', process.argv.slice(1).join())", "one", "two"]
    expect(await outputOf(world, podOf("args", [shell("", { ...image, args })]))).toBe("args: one,two\n")
  },
)
onRealNodes(
  `[sig-node] Containers should be able to override the image's default command (container entrypoint) ${both}`,
  async (world) => {
    const command = ["/usr/bin/node", "--version"]
    expect(await outputOf(world, podOf("command", [shell("", { image: scripting, command })]))).toMatch(
      /^v\d+\./,
    )
  },
)
onRealNodes(
  `[sig-node] Containers should be able to override the image's default command and arguments ${both}`,
  async (world) => {
    const container = { image: scripting, command: ["/usr/bin/node", "-p"], args: ["6 * 7"] }
    expect(await outputOf(world, podOf("both", [shell("", container)]))).toBe("42\n")
  },
)

onRealNodes(
  `[sig-node] Kubelet when scheduling a busybox command in a pod should print the output to logs ${both}`,
  async (world) => {
    const { output } = await runPod(world, podOf("printing", [shell("echo hello; echo trouble >&2")]))
    expect(output.trim().split("\n").sort()).toEqual(["hello", "trouble"])
  },
)
onRealNodes(
  `[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should be possible to delete ${both}`,
  async (world) => {
    await createPod(world, podOf("failing", [shell("false")], { spec: { restartPolicy: "Always" } }))
    await world.api.delete(`${podsPath(world)}/failing`)
    await eventually(async () => {
      const { status } = await world.api.send("GET", `${podsPath(world)}/failing`)
      return status === 404
    }, "it is gone")
  },
)
onRealNodes(
  `[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should have an terminated reason ${both}`,
  async (world) => {
    const { pod } = await runPod(world, podOf("failing", [shell("false")]))
    const { terminated } = pod["status"].containerStatuses[0].state
    expect(terminated).toMatchObject({ exitCode: 1, reason: "Error" })
  },
)
onRealNodes(
  `[sig-node] Kubelet when scheduling a read only busybox container should not write to root filesystem ${linux}`,
  async (world) => {
    const container = shell("echo test > /file; sleep 0.1", {
      securityContext: { readOnlyRootFilesystem: true },
    })
    const { output } = await runPod(world, podOf("reading", [container]))
    expect(output).toContain("can't create /file: Read-only file system")
  },
)
onRealNodes(
  `[sig-node] Kubelet when scheduling an agnhost Pod with hostAliases should write entries to /etc/hosts ${both}`,
  async (world) => {
    const hostAliases = [{ ip: "123.45.67.89", hostnames: ["foo", "bar"] }]
    const output = await outputOf(
      world,
      podOf("aliased", [shell("cat /etc/hosts")], { spec: { hostAliases } }),
    )
    expect(output).toContain("# Entries added by HostAliases.\n123.45.67.89\tfoo\tbar\n")
  },
)
onRealNodes(
  `[sig-node] KubeletManagedEtcHosts should test kubelet managed /etc/hosts file ${both}`,
  async (world) => {
    const own = { name: "own", hostPath: { path: "/etc/hosts", type: "File" } }
    const containers = [
      shell(idle),
      shell(idle, { name: "second" }),
      shell(idle, { name: "third", volumeMounts: [{ name: "own", mountPath: "/etc/hosts" }] }),
    ]
    await startPod(world, podOf("managed", containers, { spec: { volumes: [own] } }))
    await startPod(world, podOf("on-host", [shell(idle)], { spec: { hostNetwork: true } }))
    const marked = async (pod: string, container?: string) =>
      (await execIn(world, pod, "cat /etc/hosts", container)).startsWith("# Kubernetes-managed hosts file")
    expect(await marked("managed")).toBe(true)
    expect(await marked("managed", "second")).toBe(true)
    expect(await marked("managed", "third")).toBe(false)
    const onHost = await execIn(world, "on-host", "cat /etc/hosts")
    expect(onHost).not.toMatch(/^# Kubernetes-managed hosts file\.$/m)
  },
)

const message = (pod: Json): string | undefined => pod["status"].containerStatuses[0].state.terminated.message
const blackbox =
  "[sig-node] Container Runtime blackbox test on terminated container should report termination message"
const fallback = { terminationMessagePolicy: "FallbackToLogsOnError" }

onRealNodes(
  `${blackbox} as empty when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set ${both}`,
  async (world) => {
    const { pod } = await runPod(world, podOf("ending", [shell("echo DONE", fallback)]))
    expect(message(pod)).toBeUndefined()
  },
)
onRealNodes(
  `${blackbox} from file when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set ${both}`,
  async (world) => {
    const script = "printf OK > /dev/termination-log; echo DONE"
    const { pod } = await runPod(world, podOf("ending", [shell(script, fallback)]))
    expect(message(pod)).toBe("OK")
  },
)
onRealNodes(
  `${blackbox} from log output if TerminationMessagePolicy FallbackToLogsOnError is set ${both}`,
  async (world) => {
    const { pod } = await runPod(world, podOf("ending", [shell("printf DONE; exit 1", fallback)]))
    expect(message(pod)).toBe("DONE")
  },
)
onRealNodes(
  `${blackbox} if TerminationMessagePath is set as non-root user and at a non-default path ${both}`,
  async (world) => {
    const container = shell("printf DONE > /dev/termination-custom-log", {
      terminationMessagePath: "/dev/termination-custom-log",
      securityContext: { runAsUser: 1000 },
    })
    const { pod } = await runPod(world, podOf("ending", [container]))
    expect(message(pod)).toBe("DONE")
  },
)

onRealNodes(
  `[sig-node] Container Runtime blackbox test when starting a container that exits should run with the expected status ${both}`,
  async (world) => {
    // Fails twice, then succeeds, counting its starts in a volume.
    const script = `echo x >> /count/starts
      case $(wc -l < /count/starts) in
        1) exit 1;;
        2) exit 1;;
      esac
      exit 0`
    const withCount = (name: string, restartPolicy: string, text = script) =>
      podOf(name, [shell(text, { volumeMounts: [{ name: "count", mountPath: "/count" }] })], {
        spec: { restartPolicy, volumes: [{ name: "count", emptyDir: {} }] },
      })
    const restarts = ({ status }: Json) => status.containerStatuses?.[0]?.restartCount ?? 0
    await createPod(world, withCount("always", "Always"))
    await createPod(world, withCount("on-failure", "OnFailure"))
    await createPod(world, withCount("never", "Never"))
    const [always, onFailure, never] = await Promise.all([
      untilPod(world, "always", (pod) => restarts(pod) >= 2, "it was restarted twice", 100_000),
      untilPod(world, "on-failure", ({ status }) => status.phase === "Succeeded", "it succeeds", 100_000),
      untilPod(world, "never", ({ status }) => status.phase === "Failed", "it fails"),
    ])
    expect(always["status"].phase).toBe("Running")
    expect(restarts(onFailure)).toBe(2)
    expect(restarts(never)).toBe(0)
  },
)

const ephemeral = (pod: string) => `${pod}/ephemeralcontainers`
const debuggerOf = (name: string) => ({
  name,
  image: toolbox,
  command: ["sh", "-c", "echo polo; sleep 3600"],
  targetContainerName: "main",
})
const isRunning = (name: string) => (pod: Json) =>
  Boolean(
    pod["status"].ephemeralContainerStatuses?.find((each: Json) => each["name"] === name)?.state.running,
  )
onRealNodes(
  `[sig-node] Ephemeral Containers will start an ephemeral container in an existing pod ${both}`,
  async (world) => {
    await startPod(world, podOf("debugged", [shell(idle)]))
    const path = ephemeral(`${podsPath(world)}/debugged`)
    await world.api.patch(path, { spec: { ephemeralContainers: [debuggerOf("debugger")] } }, "strategic")
    await untilPod(world, "debugged", isRunning("debugger"), "the debugger runs")
    await eventually(
      async () => (await logsOf(world, "debugged", { container: "debugger" })) === "polo\n",
      "the debugger has spoken",
    )
  },
)
onRealNodes(
  `[sig-node] Ephemeral Containers should update the ephemeral containers in an existing pod ${both}`,
  async (world) => {
    await startPod(world, podOf("debugged", [shell(idle)]))
    const path = ephemeral(`${podsPath(world)}/debugged`)
    await world.api.patch(path, { spec: { ephemeralContainers: [debuggerOf("debugger1")] } }, "strategic")
    await untilPod(world, "debugged", isRunning("debugger1"), "the first debugger runs")
    const pod = await getPod(world, "debugged")
    pod["spec"].ephemeralContainers.push(debuggerOf("debugger2"))
    const updated = await world.api.update(path, pod)
    expect(updated["spec"].ephemeralContainers).toHaveLength(2)
    await untilPod(world, "debugged", isRunning("debugger2"), "the second debugger runs")
  },
)
