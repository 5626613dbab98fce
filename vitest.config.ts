import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { boxPool, hasBoxes } from "./tools/box/box-pool.ts"
import { longestFirst } from "./tools/box/longest-first.ts"

// Unit tests stand beside the code; conformance and e2e look at a running cluster from outside.
// Unit tests that need the machine itself: containers, network namespaces, a real etcd, the real kubectl.
const machineTests = [
  "src/container-runtime/containerd/**/*.test.ts",
  "src/container-runtime/pause-image.test.ts",
  "src/kubelet/real/*.test.ts",
  "src/kubelet/real/csi/csi.test.ts",
  "src/kubelet/real/devices/devices.test.ts",
  "src/kubelet/real/dra/dra.test.ts",
  "src/network/**/*.test.ts",
  "src/proxy/proxy.test.ts",
  "src/apiserver/streaming/streaming.test.ts",
  "src/etcd/{grpc,remote,snapshot,linearizability}/**/*.test.ts",
]

const processors = availableParallelism()
// What needs the machine itself runs side by side where each file can have one of its own, and one by one elsewhere.
const ownMachines = (await hasBoxes())
  ? { pool: boxPool, maxWorkers: Math.min(processors, 4) }
  : { fileParallelism: false }

// A second, as Vitest would have it, is no time on a busy machine.
const patient = { expect: { poll: { timeout: 10_000 } } }

export default defineConfig({
  test: {
    maxWorkers: processors,
    sequence: {
      sequencer: longestFirst([
        "conformance/cron-jobs.test.ts",
        "e2e/node-pressure.test.ts",
        "e2e/network.test.ts",
        "e2e/soak.test.ts",
      ]),
    },
    projects: [
      {
        test: {
          ...patient,
          name: "unit",
          sequence: { groupOrder: 1 },
          include: ["{src,simulation,tools,test/soak}/**/*.test.ts"],
          exclude: [...machineTests, "**/node_modules/**"],
          isolate: false,
          pool: "threads",
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...patient,
          name: "machine",
          sequence: { groupOrder: 2 },
          include: machineTests,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          ...ownMachines,
        },
      },
      {
        test: {
          ...patient,
          name: "conformance",
          sequence: { groupOrder: 3 },
          include: ["test/conformance/**/*.test.ts"],
          isolate: false,
          globalSetup: ["test/conformance/nodes/global-setup.ts"],
          // Tests on real nodes mostly wait; they do it together.
          maxWorkers: 2,
          maxConcurrency: 6,
          // Containers, packets and clients of real time: on a busy machine one may be late. Who fails twice has failed.
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...patient,
          name: "e2e",
          sequence: { groupOrder: 4 },
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          ...ownMachines,
        },
      },
    ],
  },
})
