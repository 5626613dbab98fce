import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { buildFilesImage } from "../../../test/e2e/images.ts"
import { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts"
import { Pod } from "../../api/core/v1/pod.ts"
import {
  forever,
  hasLoopDevices,
  reasonToSkip,
  type RealNode,
  shell,
  startRealNode,
} from "../testing/real-node.ts"

const why = reasonToSkip()
// oxlint-disable-next-line no-console -- whoever runs the tests should know what they did not see
if (why) console.log(`skipped: tests of real volumes need ${why}`)

const isReady = (pod: Pod | undefined) => pod?.status.containerStatuses?.every(({ ready }) => ready) ?? false
const namespace = "default"
// oxlint-disable-next-line no-console -- as above
if (!hasLoopDevices) console.log("skipped: a test of disks needs loop devices")

interface ClaimDiskOptions {
  readonly volumeMode?: "Block" | "Filesystem"
  readonly mountOptions?: string[]
  /** Of the nodes that have it. */
  readonly os?: string
}

/** A local volume with a disk in it, and a claim of the same name that has it. */
async function claimDisk(
  { server: { client } }: RealNode,
  name: string,
  path: string,
  { volumeMode = "Block", mountOptions = [], os = "linux" }: ClaimDiskOptions = {},
): Promise<void> {
  const spec = { accessModes: ["ReadWriteOnce" as const], volumeMode, storageClassName: "disks" }
  await client.create(PersistentVolume, {
    metadata: { name },
    spec: {
      ...spec,
      capacity: { storage: "16Mi" },
      local: { path },
      mountOptions,
      claimRef: { namespace, name },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/os", operator: "In", values: [os] }] },
          ],
        },
      },
    },
  })
  const claim = await client.create(PersistentVolumeClaim, {
    metadata: { name, namespace },
    spec: { ...spec, volumeName: name, resources: { requests: { storage: "16Mi" } } },
  })
  // Nobody binds volumes here.
  const key = { namespace, name }
  const body = { status: { phase: "Bound", accessModes: ["ReadWriteOnce"], capacity: { storage: "16Mi" } } }
  await client.patch(PersistentVolumeClaim, key, { type: "merge", body }, { subresource: "status" })
  const bound = { spec: { claimRef: { uid: claim.metadata.uid } } }
  await client.patch(PersistentVolume, { name }, { type: "merge", body: bound })
}

/** A file of so many MiB as a block device, for as long as `work` takes. */
async function withDisk(
  { directory }: RealNode,
  name: string,
  mebibytes: number,
  work: (device: string, file: string) => Promise<void>,
): Promise<string> {
  const losetup = (...args: string[]) => execFileSync("losetup", args, { encoding: "utf8" }).trim()
  const file = join(directory, name)
  writeFileSync(file, "")
  truncateSync(file, mebibytes << 20)
  const device = losetup("--find", "--show", file)
  try {
    await work(device, file)
  } finally {
    // It can only be detached for good when nobody holds it any more.
    losetup("--detach", device)
  }
  expect(losetup("--list", "--noheadings", "--output", "BACK-FILE")).not.toContain(file)
  return file
}

/** The kernel wants CAP_SYS_RESOURCE for it, which not every container has in which tests run. */
function mayResizeMounted(): boolean {
  const effective = /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))![1]!
  return (BigInt(`0x${effective}`) & (1n << 24n)) !== 0n
}

describe.skipIf(why)("volumes of real containers", { timeout: 30_000 }, () => {
  let node: RealNode
  beforeAll(async () => {
    node = await startRealNode()
  }, 60_000)
  afterAll(async () => {
    if (node) expect(await node.stop()).toEqual([])
  }, 60_000)

  async function remove(...names: string[]): Promise<void> {
    for (const name of names) {
      await node.server.client.delete(Pod, { namespace, name })
      await node.until(name, (pod) => pod === undefined)
    }
  }

  /** What the container says of a pod that waits, once it says so. */
  async function untilWaiting(name: string, reason: string): Promise<string> {
    const waiting = (pod: Pod | undefined) => pod?.status.containerStatuses?.[0]?.state?.waiting
    const pod = await node.until(name, (each) => waiting(each)?.reason === reason)
    return waiting(pod)?.message ?? ""
  }

  it("evicts a pod that writes more into its emptyDir than it may, and tells how full volumes are", async () => {
    const write = "dd if=/dev/zero of=/scratch/file bs=1M count=3 2>/dev/null; sleep 600"
    await node.create("writer", {
      containers: [shell("main", write, { volumeMounts: [{ name: "scratch", mountPath: "/scratch" }] })],
      volumes: [{ name: "scratch", emptyDir: { sizeLimit: "2Mi" } }],
    })
    // It is looked every 10 s.
    const phase = async () => (await node.get("writer")).status.phase
    await expect.poll(phase, { timeout: 28_000, interval: 200 }).toBe("Failed")
    expect((await node.get("writer")).status).toMatchObject({
      reason: "Evicted",
      message: 'Usage of EmptyDir volume "scratch" exceeds the limit "2Mi". ',
    })
  })

  it.skipIf(!hasLoopDevices)("gives containers a disk as it is, to write or only to read", async () => {
    const file = await withDisk(node, "disk", 16, async (device) => {
      await claimDisk(node, "disk", device)
      const claim = (readOnly: boolean) => [
        { name: "disk", persistentVolumeClaim: { claimName: "disk", readOnly } },
      ]
      const devices = { volumeDevices: [{ name: "disk", devicePath: "/dev/xvda" }] }
      await node.create("writer-of-disk", {
        containers: [shell("main", forever, devices)],
        volumes: claim(false),
      })
      const writer = await node.until("writer-of-disk", isReady)
      expect(await node.exec(writer, "main", "sh", "-c", "test -b /dev/xvda && echo is a block device")).toBe(
        "is a block device\n",
      )
      expect(await node.kubelet.services.host.volumes.usage(writer.metadata.uid)).toMatchObject([
        { name: "disk", claim: "disk", space: { capacityBytes: 16 << 20, usedBytes: 0 } },
      ])
      await node.exec(writer, "main", "sh", "-c", "echo written by a pod | dd of=/dev/xvda conv=fsync")
      await node.create("reader-of-disk", {
        containers: [shell("main", forever, devices)],
        volumes: claim(true),
      })
      const reader = await node.until("reader-of-disk", isReady)
      const read = "head -c 16 /dev/xvda; dd if=/dev/zero of=/dev/xvda count=1 conv=notrunc"
      expect(await node.exec(reader, "main", "sh", "-c", read)).toMatch(
        /^written by a pod\n?[^]*not permitted/,
      )
      await remove("writer-of-disk", "reader-of-disk")
    })
    expect(readFileSync(file, "utf8").slice(0, 15)).toBe("written by a pod".slice(0, 15))
  })

  it.skipIf(!hasLoopDevices)("formats a new disk for the pods that share it", async () => {
    await withDisk(node, "new-disk", 32, async (device, file) => {
      await claimDisk(node, "new-disk", device, { volumeMode: "Filesystem", mountOptions: ["noexec"] })
      const spec = {
        containers: [shell("main", forever, { volumeMounts: [{ name: "disk", mountPath: "/disk" }] })],
        volumes: [{ name: "disk", persistentVolumeClaim: { claimName: "new-disk" } }],
        securityContext: { fsGroup: 1234 },
      }
      await Promise.all(["sharer-1", "sharer-2"].map((name) => node.create(name, spec)))
      const one = await node.until("sharer-1", isReady)
      const two = await node.until("sharer-2", isReady)
      await node.exec(one, "main", "sh", "-c", "echo shared >/disk/file")
      expect(await node.exec(two, "main", "sh", "-c", "cat /disk/file; grep ' /disk ' /proc/mounts")).toMatch(
        new RegExp(`^shared\n${device} /disk ext4 rw,.*noexec`),
      )
      expect(await node.exec(two, "main", "stat", "-c", "%g", "/disk")).toBe("1234\n")

      truncateSync(file, 64 << 20)
      execFileSync("losetup", ["--set-capacity", device])
      const body = { spec: { capacity: { storage: "64Mi" } } }
      await node.server.client.patch(PersistentVolume, { name: "new-disk" }, { type: "merge", body })
      await node.create("sharer-3", spec)
      if (mayResizeMounted()) {
        const three = await node.until("sharer-3", isReady)
        const size = await node.exec(three, "main", "sh", "-c", "df -k /disk | awk 'END {print $2}'")
        expect(Number(size)).toBeGreaterThan(48 << 10)
        const { status } = await node.server.client.get(PersistentVolumeClaim, {
          namespace,
          name: "new-disk",
        })
        expect(status.capacity).toEqual({ storage: "64Mi" })
      } else {
        const events = async () => (await node.events("sharer-3")).join()
        await expect
          .poll(events, { timeout: 20_000 })
          .toMatch(/VolumeResizeFailed: .*resize2fs: Permission denied/s)
      }
      await remove("sharer-1", "sharer-2", "sharer-3")
    })
  })

  it("mounts with a volume's options, and only what this node has", async () => {
    const directories = ["near", "far"].map((name) => join(node.directory, name))
    for (const directory of directories) mkdirSync(directory)
    const [near, far] = directories as [string, string]
    await claimDisk(node, "near", near, { volumeMode: "Filesystem", mountOptions: ["noexec", "nosuid"] })
    await claimDisk(node, "far", far, { volumeMode: "Filesystem", os: "plan9" })
    const spec = (claimName: string) => ({
      containers: [shell("main", forever, { volumeMounts: [{ name: "data", mountPath: "/data" }] })],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName } }],
    })
    await node.create("near", spec("near"))
    await node.create("far", spec("far"))
    const pod = await node.until("near", isReady)
    expect(await node.exec(pod, "main", "grep", " /data ", "/proc/mounts")).toMatch(/nosuid.*noexec/)
    await expect
      .poll(() => node.events("far"), { timeout: 20_000 })
      .toContain(
        'FailedMount: MountVolume.NodeAffinity check failed for volume "far" : no matching NodeSelectorTerms',
      )
    await remove("near", "far")
  })

  it("says when what it was told is a disk is none", async () => {
    const file = join(node.directory, "no-disk")
    writeFileSync(file, "")
    await claimDisk(node, "no-disk", file)
    await node.create("hopeful", {
      containers: [shell("main", forever, { volumeDevices: [{ name: "disk", devicePath: "/dev/xvda" }] })],
      volumes: [{ name: "disk", persistentVolumeClaim: { claimName: "no-disk" } }],
    })
    expect(await untilWaiting("hopeful", "CreateContainerError")).toContain("not a device node")
    await node.server.client.delete(Pod, { namespace, name: "hopeful" })
  })

  it("shows a node's own kubelet directory where manifests of drivers look for it", async () => {
    await node.create("driver", {
      containers: [
        shell("main", forever, {
          securityContext: { privileged: true },
          volumeMounts: [{ name: "kubelet", mountPath: "/kubelet", mountPropagation: "Bidirectional" }],
        }),
      ],
      volumes: [{ name: "kubelet", hostPath: { path: "/var/lib/kubelet", type: "Directory" } }],
    })
    const pod = await node.until("driver", isReady)
    expect(await node.exec(pod, "main", "ls", "/kubelet")).toContain("device-plugins")
    // What it mounts there is mounted on the host too.
    const target = join(node.directory, "kubelet/plugins/for-the-test")
    mkdirSync(target, { recursive: true })
    await node.exec(pod, "main", "mount", "-t", "tmpfs", "tmpfs", "/kubelet/plugins/for-the-test")
    expect(readFileSync("/proc/self/mountinfo", "utf8")).toContain(` ${target} `)
    await node.exec(pod, "main", "umount", "/kubelet/plugins/for-the-test")
    await remove("driver")
  })

  describe("image volumes", () => {
    const reference = "localhost/volume-test/files:1"
    beforeAll(async () => {
      const output = join(node.directory, "files.tar")
      const files = { "data.json": `{"of":"the image"}`, "deep/down/text": "far below" }
      await node.containerd.loadImages(buildFilesImage(reference, files, { output }))
    })

    it("shows the files of all layers and lets nobody write", async () => {
      await node.create("image-volume", {
        containers: [
          shell("main", forever, {
            volumeMounts: [
              { name: "image", mountPath: "/image" },
              { name: "image", mountPath: "/below", subPath: "deep/down" },
            ],
          }),
        ],
        volumes: [{ name: "image", image: { reference, pullPolicy: "IfNotPresent" } }],
      })
      const pod = await node.until("image-volume", isReady)
      expect(await node.exec(pod, "main", "cat", "/image/data.json")).toBe(`{"of":"the image"}`)
      expect(await node.exec(pod, "main", "cat", "/below/text")).toBe("far below")
      expect(await node.exec(pod, "main", "touch", "/image/new")).toContain("Read-only file system")

      // The image may go: what is mounted stays.
      const image = await node.containerd.images.findImage(reference)
      await node.containerd.images.removeImage(image!.id)
      expect(await node.exec(pod, "main", "cat", "/image/deep/down/text")).toBe("far below")

      await node.server.client.delete(Pod, { namespace, name: "image-volume" })
      await node.until("image-volume", (each) => each === undefined)
    })

    it("says which image is missing", async () => {
      await node.create("no-image-volume", {
        containers: [shell("main", forever, { volumeMounts: [{ name: "image", mountPath: "/image" }] })],
        volumes: [{ name: "image", image: { reference: "localhost/nowhere:1", pullPolicy: "Never" } }],
      })
      expect(await untilWaiting("no-image-volume", "ErrImageNeverPull")).toBe(
        `Container image "localhost/nowhere:1" is not present with pull policy of Never`,
      )
    })

    it("refuses a path that the image does not have", async () => {
      const output = join(node.directory, "files-again.tar")
      await node.containerd.loadImages(buildFilesImage(reference, { "data.json": "{}" }, { output }))
      await node.create("no-such-path", {
        containers: [
          shell("main", forever, {
            volumeMounts: [{ name: "image", mountPath: "/image", subPath: "not/there" }],
          }),
        ],
        volumes: [{ name: "image", image: { reference, pullPolicy: "IfNotPresent" } }],
      })
      expect(await untilWaiting("no-such-path", "CreateContainerError")).toMatch(/^ImageVolumeMountFailed: /)
    })
  })
})
