import { defineConfig } from "vitest/config"

// Unit tests stand beside the code; conformance and e2e look at a running cluster from outside.
// Unit tests that need the machine itself: containers, network namespaces, a real etcd, the real kubectl. One at a time.
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

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{src,simulation,tools,test/soak}/**/*.test.ts"],
          exclude: [...machineTests, "**/node_modules/**"],
          isolate: false,
          pool: "threads",
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: "machine",
          include: machineTests,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "conformance",
          include: ["test/conformance/**/*.test.ts"],
          globalSetup: ["test/conformance/nodes/global-setup.ts"],
          // Tests on real nodes mostly wait; they do it together.
          maxConcurrency: 6,
          // Containers, packets and clients of real time: on a busy machine one may be late. Who fails twice has failed.
          retry: 1,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
