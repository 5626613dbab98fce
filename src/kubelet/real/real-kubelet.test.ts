import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { issueTestCertificates } from "../../apiserver/serve/testing.ts"
import { ConfigMap } from "../../api/core/v1/config-map.ts"
import { Node } from "../../api/core/v1/node.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import { Secret } from "../../api/core/v1/secret.ts"
import { silentLogger } from "../../base/log.ts"
import { connectCommand } from "../../client/real/remote-command/connect-command.ts"
import { type KubeletServer, serveKubelet } from "../server/serve-kubelet.ts"
import { forever, reasonToSkip, type RealNode, shell, startRealNode } from "../testing/real-node.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of the real kubelet need ${why}`)

const isReady = (pod: Pod | undefined) => pod?.status.containerStatuses?.every(({ ready }) => ready) ?? false
const namespace = "default"

describe.skipIf(why)("the real kubelet", { timeout: 30_000 }, () => {
  let node: RealNode
  let api: KubeletServer
  const certificates = issueTestCertificates()
  const identity = certificates.client("kube-apiserver-kubelet-client", "system:masters")
  const tls = { ca: certificates.authority, cert: identity.certificate, key: identity.key }

  beforeAll(async () => {
    node = await startRealNode()
    api = await serveKubelet({
      kubelets: () => [node.kubelet],
      host: "127.0.0.1",
      port: 0,
      serving: certificates.server,
      clientAuthorities: certificates.authority,
      log: silentLogger,
    })
  }, 60_000)

  afterAll(async () => {
    await api?.close()
    if (node) expect(await node.stop()).toEqual([])
  }, 60_000)

  const url = (path: string) => new URL(path, `https://127.0.0.1:${api.port}`)
  async function ask(path: string, method = "GET"): Promise<{ status: number; body: string }> {
    const { request } = await import("node:https")
    return new Promise((resolve, reject) => {
      const asked = request(url(path), { ...tls, agent: false, method }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject)
      })
      asked.on("error", reject)
      asked.end()
    })
  }

  it("registers the machine as it is", async () => {
    const { status } = await node.server.client.get(Node, { name: "node-1" })
    expect(status.nodeInfo.containerRuntimeVersion).toMatch(/^containerd:\/\//)
    expect(Number(status.capacity!["cpu"])).toBeGreaterThan(0)
    expect(status.addresses).toEqual([
      { type: "InternalIP", address: "127.0.0.1" },
      { type: "Hostname", address: "node-1" },
    ])
  })

  it("gives containers their environment, volumes, limits and rights", async () => {
    const { client } = node.server
    await client.create(ConfigMap, {
      metadata: { name: "settings", namespace },
      data: { color: "blue", size: "9" },
    })
    await client.create(Secret, { metadata: { name: "keys", namespace }, data: { password: "c2VjcmV0" } })
    await node.create("full", {
      securityContext: { runAsUser: 1000, fsGroup: 2000 },
      hostname: "given",
      volumes: [
        { name: "settings", configMap: { name: "settings" } },
        { name: "keys", secret: { secretName: "keys", defaultMode: 0o400 } },
        { name: "scratch", emptyDir: {} },
        { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } },
        {
          name: "self",
          downwardAPI: { items: [{ path: "name", fieldRef: { fieldPath: "metadata.name" } }] },
        },
      ],
      containers: [
        shell("main", forever, {
          env: [
            { name: "COLOR", valueFrom: { configMapKeyRef: { name: "settings", key: "color" } } },
            { name: "SENTENCE", value: "sky is $(COLOR), not $$(COLOR)" },
            { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
            { name: "MILLI", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } },
          ],
          envFrom: [{ prefix: "S_", secretRef: { name: "keys" } }],
          resources: { limits: { cpu: "500m", memory: "64Mi" } },
          securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false },
          volumeMounts: [
            { name: "settings", mountPath: "/settings" },
            { name: "settings", mountPath: "/one", subPath: "size" },
            { name: "keys", mountPath: "/keys" },
            { name: "scratch", mountPath: "/scratch" },
            { name: "memory", mountPath: "/memory" },
            { name: "self", mountPath: "/self" },
          ],
        }),
      ],
    })
    const pod = await node.until("full", isReady)
    const run = (script: string) => node.exec(pod, "main", "sh", "-c", script)
    expect(await run('echo "$COLOR|$SENTENCE|$IP|$MILLI|$S_password"')).toBe(
      "blue|sky is blue, not $(COLOR)|198.51.100.2|500|secret\n",
    )
    expect(await run("id -u; id -G; hostname; cat /settings/color /keys/password /self/name /one")).toBe(
      "1000\n0 2000\ngiven\nbluesecretfull9",
    )
    expect(await run("touch /scratch/x /memory/x && stat -c %g /scratch/x; touch /x")).toContain("2000\n")
    expect(await run("stat -c %a /scratch /memory")).toBe("2777\n3777\n")
    expect(await run("touch /x")).toContain("Read-only file system")
    expect(await run("dd if=/dev/zero of=/memory/big bs=1M count=2")).toContain("No space left")
    expect(await run("cat /etc/resolv.conf")).toContain("search default.svc.cluster.local svc.cluster.local")
    expect(await run("cat /etc/hosts")).toContain("198.51.100.2\tgiven")
    expect(pod.status.qosClass).toBe("Guaranteed")

    await client.patch(
      ConfigMap,
      { namespace, name: "settings" },
      { type: "merge", body: { data: { color: "red" } } },
    )
    for (let tries = 0; tries < 100 && (await run("cat /settings/color")) !== "red"; tries++);
    expect(await run("cat /settings/color")).toBe("red")
  })

  it("gives containers variables from files that init containers wrote", async () => {
    const from = (key: string, path = "conf.env", optional = false) => ({
      name: key,
      valueFrom: { fileKeyRef: { volumeName: "written", path, key, optional } },
    })
    const volumeMounts = [{ name: "written", mountPath: "/written" }]
    const write = `printf "A='one'\nB='t w\no' # why\n" > /written/conf.env; ln -s /conf.env /written/link; echo B=2 > /written/bad`
    await node.create("from-files", {
      volumes: [{ name: "written", emptyDir: {} }],
      initContainers: [
        shell("write", write, { volumeMounts }),
        shell("read", "echo \"A='$A!'\" > /written/more.env", { env: [from("A")], volumeMounts }),
      ],
      containers: [
        shell("main", forever, {
          env: [
            from("A", "more.env"),
            from("B", "link"),
            from("C", "conf.env", true),
            { name: "D", value: "$(A)" },
          ],
          lifecycle: {
            postStart: { exec: { command: ["sh", "-c", 'echo "$B" > /written/hook'] } },
          },
          volumeMounts,
        }),
        shell("missing", forever, { env: [from("C")] }),
        shell("bad", forever, { env: [from("B", "bad", true)] }),
        shell("absent", forever, { env: [from("A", "absent", true)] }),
      ],
    })
    const waiting = (pod: Pod | undefined, name: string) =>
      pod?.status.containerStatuses?.find((each) => each.name === name)?.state.waiting
    const isWaiting = (pod: Pod | undefined) =>
      ["missing", "bad", "absent"].every(
        (name) => waiting(pod, name)?.reason === "CreateContainerConfigError",
      )
    const pod = await node.until("from-files", isWaiting)
    expect(waiting(pod, "missing")?.message).toMatch(
      /^environment variable key "C" not found in file "\/.*\/volumes\/kubernetes.io~empty-dir\/written\/conf.env"$/,
    )
    expect(waiting(pod, "bad")?.message).toBe("couldn't parse env file")
    expect(waiting(pod, "absent")?.message).toBe("couldn't parse env file")
    expect(await node.exec(pod, "main", "sh", "-c", 'echo "$A|$B|${C-none}|$D"; cat /written/hook')).toBe(
      "one!|t w\no|none|one!\nt w\no\n",
    )
    expect(await node.events("from-files")).toContain("Failed: Error: couldn't parse env file")
  })

  it("mounts what a claim is bound to, and waits for a ConfigMap that is not there yet", async () => {
    const { client } = node.server
    const path = `${node.directory}/disk`
    mkdirSync(path)
    writeFileSync(`${path}/kept`, "from the disk")
    const claim = await client.create(PersistentVolumeClaim, {
      metadata: { name: "data", namespace },
      spec: {
        accessModes: ["ReadWriteOnce"],
        volumeName: "disk-1",
        storageClassName: "",
        resources: { requests: { storage: "1Gi" } },
      },
    })
    await client.create(PersistentVolume, {
      metadata: { name: "disk-1" },
      spec: {
        accessModes: ["ReadWriteOnce"],
        capacity: { storage: "1Gi" },
        hostPath: { path },
        claimRef: { namespace, name: "data", uid: claim.metadata.uid },
      },
    })
    await client.updateStatus(PersistentVolumeClaim, { ...claim, status: { phase: "Bound" } })
    await node.create("claiming", {
      volumes: [
        { name: "data", persistentVolumeClaim: { claimName: "data" } },
        { name: "later", configMap: { name: "later" } },
      ],
      containers: [
        shell("main", forever, {
          volumeMounts: [
            { name: "data", mountPath: "/data" },
            { name: "later", mountPath: "/later" },
          ],
        }),
      ],
    })
    for (let tries = 0; tries < 50 && !(await node.events("claiming")).length; tries++);
    expect((await node.events("claiming")).join()).toContain(
      'FailedMount: MountVolume.SetUp failed for volume "later" : configmap "later" not found',
    )
    await client.create(ConfigMap, { metadata: { name: "later", namespace }, data: { key: "came" } })
    const pod = await node.until("claiming", isReady)
    expect(await node.exec(pod, "main", "cat", "/data/kept", "/later/key")).toBe("from the diskcame")
  })

  it("runs pods from files, and shows them in the API", async () => {
    const file = `${node.directory}/manifests/keeper.yaml`
    const manifest = (script: string) =>
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "keeper" },
        spec: { terminationGracePeriodSeconds: 1, containers: [shell("main", script)] },
      })
    writeFileSync(file, manifest(forever))
    const mirror = await node.until("keeper-node-1", isReady)
    expect(mirror.metadata.annotations?.["kubernetes.io/config.source"]).toBe("file")
    expect(mirror.metadata.ownerReferences?.[0]).toMatchObject({ kind: "Node", name: "node-1" })
    const { containerID } = mirror.status.containerStatuses![0]!

    // Who deletes the mirror deletes an image in it.
    await node.server.client.delete(Pod, { namespace, name: "keeper-node-1" })
    const again = await node.until(
      "keeper-node-1",
      (pod) => isReady(pod) && pod!.metadata.uid !== mirror.metadata.uid,
    )
    expect(again.status.containerStatuses![0]!.containerID).toBe(containerID)

    writeFileSync(file, manifest(`true; ${forever}`))
    await node.until(
      "keeper-node-1",
      (pod) => isReady(pod) && pod?.status.containerStatuses?.[0]?.containerID !== containerID,
    )
    rmSync(file)
    await node.until("keeper-node-1", (pod) => pod === undefined)
  })

  it("restarts what is killed, without a back-off, and says so", async () => {
    await node.create("killed", { containers: [shell("main", forever)] })
    const pod = await node.until("killed", isReady)
    const startedMs = performance.now()
    process.kill(processOf(pod), "SIGKILL")
    const after = await node.until("killed", (now) => now?.status.containerStatuses?.[0]?.restartCount === 1)
    // The shortest back-off is ten seconds.
    expect(performance.now() - startedMs).toBeLessThan(10_000)
    expect(after.status.containerStatuses![0]!.lastState.terminated).toMatchObject({
      exitCode: 137,
      reason: "Error",
    })
  })

  it("says out of memory when that was it", async () => {
    const script = "head -c 200m /dev/zero | tail -c 190m > /dev/null"
    await node.create("hungry", {
      restartPolicy: "Never",
      containers: [shell("main", script, { resources: { limits: { memory: "32Mi" } } })],
    })
    const pod = await node.until("hungry", (now) => now?.status.phase === "Failed")
    expect(pod.status.containerStatuses![0]!.state.terminated).toMatchObject({ reason: "OOMKilled" })
  })

  it("keeps the last words of a container", async () => {
    await node.create("words", {
      restartPolicy: "Never",
      containers: [
        shell("file", "echo bye > /dev/termination-log"),
        shell("log", "echo the end; exit 2", { terminationMessagePolicy: "FallbackToLogsOnError" }),
      ],
    })
    const pod = await node.until("words", (now) => now?.status.phase === "Failed")
    const messages = pod.status.containerStatuses!.map(({ state }) => state.terminated?.message)
    expect(messages).toEqual(["bye\n", "the end\n"])
  })

  it("probes, and restarts what fails its liveness probe", async () => {
    await node.create("probed", {
      containers: [
        shell("main", `touch /tmp/alive; ${forever}`, {
          readinessProbe: { exec: { command: ["test", "-f", "/tmp/alive"] }, periodSeconds: 1 },
          livenessProbe: { exec: { command: ["cat", "/tmp/alive"] }, periodSeconds: 1, failureThreshold: 1 },
        }),
      ],
    })
    const pod = await node.until("probed", isReady)
    await node.exec(pod, "main", "rm", "/tmp/alive")
    await node.until("probed", (now) => now?.status.containerStatuses?.[0]?.restartCount === 1)
    const events = await node.events("probed")
    expect(events).toContain("Killing: Container main failed liveness probe, will be restarted")
    expect(events.join("\n")).toMatch(/Unhealthy: Liveness probe failed: cat: can't open '\/tmp\/alive'/)
  })

  it("runs hooks, and stops containers in their own time", async () => {
    await node.create("hooked", {
      volumes: [{ name: "v", hostPath: { path: node.directory, type: "Directory" } }],
      containers: [
        shell("main", "trap 'echo term >> /v/story; exit 0' TERM; while :; do sleep 0.1; done", {
          volumeMounts: [{ name: "v", mountPath: "/v" }],
          lifecycle: {
            postStart: { exec: { command: ["sh", "-c", "echo start >> /v/story"] } },
            preStop: { exec: { command: ["sh", "-c", "echo stop >> /v/story"] } },
          },
        }),
      ],
    })
    await node.until("hooked", isReady)
    await node.server.client.delete(Pod, { namespace, name: "hooked" })
    await node.until("hooked", (pod) => pod === undefined)
    expect(readFileSync(`${node.directory}/story`, "utf8")).toBe("start\nstop\nterm\n")
  })

  it("gives running containers other limits, in place", async () => {
    const resources = { requests: { cpu: "100m", memory: "32Mi" }, limits: { cpu: "200m", memory: "64Mi" } }
    await node.create("elastic", { containers: [shell("main", forever, { resources })] })
    const before = await node.until("elastic", isReady)
    const more = { requests: { cpu: "200m", memory: "48Mi" }, limits: { cpu: "400m", memory: "128Mi" } }
    await node.server.client.patch(
      Pod,
      { namespace, name: "elastic" },
      { type: "strategic", body: { spec: { containers: [{ name: "main", resources: more }] } } },
      { subresource: "resize" },
    )
    const after = await node.until(
      "elastic",
      (pod) => pod?.status.containerStatuses?.[0]?.resources?.limits?.["cpu"] === "400m",
    )
    expect(after.status.containerStatuses![0]).toMatchObject({
      restartCount: 0,
      allocatedResources: more.requests,
      resources: more,
      containerID: before.status.containerStatuses![0]!.containerID,
    })
    expect(after.status.conditions!.map(({ type }) => type)).not.toContain("PodResizeInProgress")
    expect((await node.exec(after, "main", "sh", "-c", readMemoryLimit)).trim()).toBe(String(128 << 20))
    // More than the machine has is kept for later, and said.
    const tooMuch = { requests: { cpu: "4000" }, limits: { cpu: "4000" } }
    await node.server.client.patch(
      Pod,
      { namespace, name: "elastic" },
      { type: "strategic", body: { spec: { containers: [{ name: "main", resources: tooMuch }] } } },
      { subresource: "resize" },
    )
    const pending = await node.until(
      "elastic",
      (pod) => pod?.status.conditions?.some(({ type }) => type === "PodResizePending") ?? false,
    )
    expect(pending.status.conditions!.find(({ type }) => type === "PodResizePending")).toMatchObject({
      status: "True",
      reason: "Infeasible",
    })
  })

  it("adds a container to a running pod, to look at it from inside", async () => {
    await node.create("looked-at", { containers: [shell("main", forever)] })
    const pod = await node.until("looked-at", isReady)
    await node.server.client.patch(
      Pod,
      { namespace, name: "looked-at" },
      {
        type: "strategic",
        body: {
          spec: {
            ephemeralContainers: [
              {
                ...shell("debugger", "ps; sleep 1000"),
                targetContainerName: "main",
                terminationMessagePolicy: "File",
              },
            ],
          },
        },
      },
      { subresource: "ephemeralcontainers" },
    )
    const after = await node.until(
      "looked-at",
      (now) => now?.status.ephemeralContainerStatuses?.[0]?.state.running !== undefined,
    )
    expect(after.status.containerStatuses).toEqual(pod.status.containerStatuses)
    const debuggerOutput = "/containerLogs/default/looked-at/debugger"
    let body = ""
    for (let tries = 0; tries < 100 && !body.includes("ps"); tries++) ({ body } = await ask(debuggerOutput))
    expect(body).toContain("trap 'exit 0' TERM")
  })

  it("serves logs", async () => {
    const script = `for i in 1 2 3; do echo line $i; done; sleep 0.2; echo oops >&2; sleep 0.5; echo late; ${forever}`
    await node.create("talker", { containers: [shell("main", script)] })
    await node.until("talker", isReady)
    const logs = "/containerLogs/default/talker/main"
    expect((await ask(`${logs}?follow=true&limitBytes=31`)).body).toBe(
      "line 1\nline 2\nline 3\noops\nlate\n".slice(0, 31),
    )
    expect((await ask(`${logs}?tailLines=1`)).body).toBe("late\n")
    expect((await ask(`${logs}?stream=Stderr`)).body).toBe("oops\n")
    expect((await ask(`${logs}?timestamps=true&tailLines=1`)).body).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z late\n$/,
    )
    expect(await ask(`${logs}?previous=true`)).toEqual({
      status: 400,
      body: 'previous terminated container "main" in pod "talker" not found\n',
    })
    expect((await ask("/containerLogs/default/absent/main")).status).toBe(404)
    // A followed log ends with its container.
    const followed = ask(`${logs}?follow=true&tailLines=1`)
    await node.server.client.delete(Pod, { namespace, name: "talker" })
    expect((await followed).body).toBe("late\n")
  })

  it("runs commands in containers, with input and exit code", async () => {
    await node.create("shell", { containers: [shell("main", forever)] })
    await node.until("shell", isReady)
    const query = "input=1&output=1&error=1&command=sh&command=-c&command=cat%3B+echo+no+%3E%262%3B+exit+5"
    const answer = await connectCommand(
      { url: url(`/exec/default/shell/main?${query}`), tls },
      { stdin: true, stdout: true, stderr: true, tty: false },
    )
    if (answer.kind !== "connected") throw new Error("refused")
    const { command } = answer
    command.stdin!.end("hello")
    const [stdout, stderr, result] = await Promise.all([
      text(command.stdout!),
      text(command.stderr!),
      command.result,
    ])
    expect({ stdout, stderr, result }).toMatchObject({
      stdout: "hello",
      stderr: "no\n",
      result: { exitCode: 5 },
    })
    command.close()
  })

  it("tells what pods and the machine use", async () => {
    const summary = JSON.parse((await ask("/stats/summary")).body)
    expect(summary.node.nodeName).toBe("node-1")
    const pod = summary.pods.find((each: { podRef: { name: string } }) => each.podRef.name === "shell")
    expect(pod.containers[0].memory.workingSetBytes).toBeGreaterThan(0)
    const metrics = (await ask("/metrics/resource")).body
    expect(metrics).toMatch(
      /^container_cpu_usage_seconds_total\{container="main",namespace="default",pod="shell"\} /m,
    )
    expect(metrics).toMatch(/^node_memory_working_set_bytes \d+ \d+$/m)
    expect((await ask("/healthz")).body).toBe("ok")
    expect(JSON.parse((await ask("/pods")).body).items.length).toBeGreaterThan(0)
  })

  it("turns strangers away", async () => {
    const { request } = await import("node:https")
    const status = await new Promise((resolve, reject) => {
      request(url("/pods"), { ca: certificates.authority, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
        .on("error", reject)
        .end()
    })
    expect(status).toBe(401)
  })

  it("finds its pods again after a restart, untouched, and goes on with them", async () => {
    await node.create("kept", {
      containers: [
        shell("main", forever, { readinessProbe: { exec: { command: ["true"] }, periodSeconds: 1 } }),
      ],
    })
    const before = await node.until("kept", isReady)
    const pid = processOf(before)
    // As a kubelet leaves them that is killed on the way.
    const logs = join(node.directory, "kubelet/logs")
    mkdirSync(join(logs, "default_gone_7b0f9c1e-0000-0000-0000-000000000000/main"), { recursive: true })
    await node.restartKubelet()
    await expect
      .poll(() => readdirSync(logs), { timeout: 10_000 })
      .not.toContainEqual(expect.stringContaining("_gone_"))
    expect(readdirSync(logs)).toContain(`default_kept_${before.metadata.uid}`)
    const after = await node.get("kept")
    expect(after.status).toEqual(before.status)
    process.kill(pid, "SIGKILL")
    await node.until("kept", (pod) => pod?.status.containerStatuses?.[0]?.restartCount === 1)
  })

  it("survives the death of containerd", async () => {
    await node.create("steady", { containers: [shell("main", forever)] })
    await node.until("steady", isReady)
    process.kill(node.containerd.pid!, "SIGKILL")
    await node.create("newcomer", { containers: [shell("main", forever)] })
    await node.until("newcomer", isReady)
    const { status } = await node.get("steady")
    expect(status.containerStatuses![0]).toMatchObject({ ready: true, restartCount: 0 })
    expect(existsSync(`/proc/${processOf(await node.get("steady"))}`)).toBe(true)
  })

  /** A process of a pod's first container: the members of its control group, the oldest first. */
  function processOf({ metadata, status }: Pod): number {
    const id = status.containerStatuses![0]!.containerID!.split("://")[1]!
    const group = findGroup(`pod${metadata.uid}`, id)
    return Math.min(...readFileSync(`${group}/cgroup.procs`, "utf8").trim().split("\n").map(Number))
  }
})

const readMemoryLimit =
  "cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes"

function findGroup(pod: string, container: string): string {
  const tree = existsSync("/sys/fs/cgroup/pids") ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup"
  const path = readdirSync(tree, { recursive: true, encoding: "utf8" }).find((name) =>
    name.endsWith(`${pod}/${container}`),
  )
  return `${tree}/${path}`
}
