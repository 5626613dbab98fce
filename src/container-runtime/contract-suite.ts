import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type * as cri from "./cri.ts"

/** What the suite needs of a runtime under test. */
export interface RuntimeUnderTest {
  readonly runtime: cri.RuntimeService
  readonly images: cri.ImageService
  /** An image that is present and has a shell (a simulated one need not). */
  readonly image: string
  /** A command for a container that runs until it is stopped, and stops at once when asked to. */
  readonly runForever: readonly string[]
  /** A container that ends by itself with `exitCode`, soon. */
  readonly endWith: (exitCode: number) => {
    readonly command: readonly string[]
    readonly annotations: cri.Labels
  }
  readonly logDirectory: string
  readonly cgroupParent?: string
  /** Lets `milliseconds` pass. */
  pass(milliseconds: number): Promise<void>
  close(): Promise<void>
}

/** What a kubelet relies on, whatever the runtime. */
export function runtimeContract(name: string, start: () => Promise<RuntimeUnderTest>): void {
  describe(`container runtime contract: ${name}`, () => {
    let under: RuntimeUnderTest
    let pods = 0
    beforeAll(async () => {
      under = await start()
    }, 60_000)
    afterAll(() => under?.close())

    const newSandbox = (annotations: cri.Labels = {}): cri.PodSandboxConfig => {
      const uid = `uid-${pods++}`
      return {
        metadata: { name: `pod-${uid}`, uid, namespace: "default", attempt: 0 },
        logDirectory: `${under.logDirectory}/${uid}`,
        labels: { "io.kubernetes.pod.uid": uid },
        annotations,
        linux: {
          securityContext: { namespaceOptions: { network: "NODE", pid: "CONTAINER", ipc: "POD" } },
        },
      }
    }
    const newContainer = (command: readonly string[], attempt = 0): cri.ContainerConfig => ({
      metadata: { name: "main", attempt },
      image: { image: under.image, userSpecifiedImage: under.image },
      command: [...command],
      labels: { "io.kubernetes.container.name": "main" },
      annotations: { "example.com/note": "kept" },
      logPath: `main/${attempt}.log`,
    })
    const startPod = async (command: readonly string[], annotations: cri.Labels = {}) => {
      const sandboxConfig = newSandbox(annotations)
      const sandbox = await under.runtime.runPodSandbox(sandboxConfig)
      const config = newContainer(command)
      const container = await under.runtime.createContainer(sandbox, config, sandboxConfig)
      return { sandbox, sandboxConfig, container }
    }
    const untilState = async (id: string, state: cri.ContainerState) => {
      for (let tries = 0; tries < 200; tries++) {
        const status = await under.runtime.containerStatus(id)
        if (status.state === state) return status
        await under.pass(50)
      }
      throw new Error(`container ${id} is ${(await under.runtime.containerStatus(id)).state}, not ${state}`)
    }

    it("says who it is and that it is ready", async () => {
      expect((await under.runtime.version()).runtimeName).not.toBe("")
      const { conditions } = await under.runtime.status()
      expect(conditions.find(({ type }) => type === "RuntimeReady")?.status).toBe(true)
    })

    it("finds images that are there and no others", async () => {
      expect((await under.images.findImage(under.image))?.id).toBeTruthy()
      expect(await under.images.findImage("localhost/nobody/has:this")).toBeUndefined()
      expect((await under.images.listImages()).length).toBeGreaterThan(0)
    })

    it("tells a sandbox's story from ready to gone", async () => {
      const config = newSandbox()
      const id = await under.runtime.runPodSandbox(config)
      const filter = { labelSelector: config.labels }
      expect(await under.runtime.listPodSandboxes(filter)).toMatchObject([
        { id, state: "SANDBOX_READY", metadata: config.metadata, labels: config.labels },
      ])
      await under.runtime.stopPodSandbox(id)
      expect((await under.runtime.podSandboxStatus(id)).state).toBe("SANDBOX_NOTREADY")
      await under.runtime.removePodSandbox(id)
      expect(await under.runtime.listPodSandboxes(filter)).toEqual([])
      await expect(under.runtime.podSandboxStatus(id)).rejects.toMatchObject({ code: "NotFound" })
      await under.runtime.stopPodSandbox(id)
      await under.runtime.removePodSandbox(id)
    })

    it("tells a container's story from created to exited", async () => {
      const { sandbox, container } = await startPod(under.runForever)
      expect((await under.runtime.containerStatus(container)).state).toBe("CONTAINER_CREATED")
      await under.runtime.startContainer(container)
      const running = await untilState(container, "CONTAINER_RUNNING")
      expect(running.startedAt).toBeGreaterThan(0)
      expect(running).toMatchObject({
        metadata: { name: "main", attempt: 0 },
        finishedAt: 0,
        exitCode: 0,
        annotations: { "example.com/note": "kept" },
      })
      await under.runtime.stopContainer(container, 5)
      const exited = await untilState(container, "CONTAINER_EXITED")
      expect(exited.finishedAt).toBeGreaterThanOrEqual(exited.startedAt)
      await under.runtime.stopContainer(container, 5)
      await under.runtime.removePodSandbox(sandbox)
      await expect(under.runtime.containerStatus(container)).rejects.toMatchObject({ code: "NotFound" })
      await under.runtime.removeContainer(container)
    })

    it.each([
      [0, "Completed"],
      [3, "Error"],
    ])("keeps exit code %i and its reason %s", async (exitCode, reason) => {
      const { command, annotations } = under.endWith(exitCode)
      const { sandbox, container } = await startPod(command, annotations)
      await under.runtime.startContainer(container)
      expect(await untilState(container, "CONTAINER_EXITED")).toMatchObject({ exitCode, reason })
      await under.runtime.removePodSandbox(sandbox)
    })

    it("says that a container exited, without being asked", async () => {
      const heard: cri.RuntimeEvent[] = []
      const listening = new AbortController()
      const listen = (async () => {
        for await (const event of under.runtime.events(listening.signal)) heard.push(event)
      })()
      await under.pass(100)
      const { command, annotations } = under.endWith(1)
      const { sandbox, container } = await startPod(command, annotations)
      await under.runtime.startContainer(container)
      await untilState(container, "CONTAINER_EXITED")
      await under.pass(100)
      expect(heard).toContainEqual({ type: "exited", id: container })
      await under.runtime.removePodSandbox(sandbox)
      listening.abort()
      await listen
    })

    it("runs a second attempt beside the first one's remains, and refuses to run one twice", async () => {
      const { sandbox, sandboxConfig, container } = await startPod(under.runForever)
      const again = newContainer(under.runForever)
      await expect(under.runtime.createContainer(sandbox, again, sandboxConfig)).rejects.toMatchObject({
        code: "Unknown",
      })
      const second = await under.runtime.createContainer(
        sandbox,
        newContainer(under.runForever, 1),
        sandboxConfig,
      )
      const listed = await under.runtime.listContainers({ podSandboxId: sandbox })
      expect(listed.map(({ id }) => id).sort()).toEqual([container, second].sort())
      await under.runtime.removePodSandbox(sandbox)
    })

    it("stops the containers of a sandbox that is stopped", async () => {
      const { sandbox, container } = await startPod(under.runForever)
      await under.runtime.startContainer(container)
      await under.runtime.stopPodSandbox(sandbox)
      expect((await untilState(container, "CONTAINER_EXITED")).exitCode).toBe(137)
      await under.runtime.removePodSandbox(sandbox)
    })

    it("has stats of running containers", async () => {
      const { sandbox, container } = await startPod(under.runForever)
      await under.runtime.startContainer(container)
      await under.pass(100)
      const stats = await under.runtime.containerStats(container)
      expect(stats).toMatchObject({ id: container, metadata: { name: "main" } })
      expect(stats.memory?.workingSetBytes).toBeGreaterThan(0)
      await under.runtime.removePodSandbox(sandbox)
    })

    it("fails with NotFound for what is not there", async () => {
      const { runtime } = under
      for (const call of [
        () => runtime.startContainer("nothing"),
        () => runtime.containerStatus("nothing"),
        () => runtime.execSync("nothing", ["true"], 1),
      ])
        await expect(call()).rejects.toMatchObject({ code: "NotFound" })
    })
  })
}
