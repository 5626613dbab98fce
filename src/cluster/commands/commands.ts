import type { Command } from "./command.ts"

/** Everything `coracle` can do. */
export const commands: readonly Command[] = [
  {
    name: "up",
    summary: "start a cluster",
    usage: "[flags]",
    load: async () => (await import("./up.ts")).up,
  },
  {
    name: "down",
    summary: "stop the cluster; everything it knows is kept",
    usage: "[--data-dir DIR]",
    load: async () => (await import("./down.ts")).down,
  },
  {
    name: "status",
    summary: "say whether the cluster runs, where, and how its nodes are",
    usage: "[--data-dir DIR]",
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "reset",
    summary: "stop the cluster and delete everything it knows",
    usage: "[--data-dir DIR]",
    load: async () => (await import("./reset.ts")).reset,
  },
  {
    name: "image load",
    summary: "put an image archive (docker save, OCI) on the nodes",
    usage: "FILE.tar [--data-dir DIR]",
    load: async () => (await import("./image-load.ts")).imageLoad,
  },
  {
    name: "token create",
    summary: "make a token with which a machine can join, and print how",
    usage: "[--ttl DURATION]",
    load: async () => (await import("./token.ts")).tokenCreate,
  },
  {
    name: "token list",
    summary: "list the tokens with which machines can join",
    load: async () => (await import("./token.ts")).tokenList,
  },
  {
    name: "token delete",
    summary: "delete a token: nobody joins with it any more",
    usage: "ID",
    load: async () => (await import("./token.ts")).tokenDelete,
  },
  {
    name: "node join",
    summary: "make this machine a node of a cluster that runs elsewhere",
    usage: "URL --token TOKEN",
    load: async () => (await import("./node-join.ts")).nodeJoin,
  },
  {
    name: "node run",
    summary: "run the node of this machine that has joined a cluster",
    usage: "[--data-dir DIR]",
    load: async () => (await import("./node-run.ts")).nodeRun,
  },
  {
    name: "node add",
    summary: "add a node to the cluster that runs here with several",
    usage: "[NAME] [--data-dir DIR]",
    load: async () => (await import("./node-changes.ts")).nodeAdd,
  },
  {
    name: "node remove",
    summary: "end a node that was made here beside others, and its pods",
    usage: "NAME [--data-dir DIR]",
    load: async () => (await import("./node-changes.ts")).nodeRemove,
  },
  {
    name: "snapshot save",
    summary: "back up the cluster into a file, while it runs or not",
    usage: "FILE [--at TIME] [--data-dir DIR]",
    load: async () => (await import("./snapshot.ts")).snapshotSave,
  },
  {
    name: "snapshot restore",
    summary: "make a backup, of this or another cluster, the state of a new one",
    usage: "FILE [--data-dir DIR]",
    load: async () => (await import("./snapshot.ts")).snapshotRestore,
  },
  {
    name: "snapshot status",
    summary: "check a backup and say what it is",
    usage: "FILE",
    load: async () => (await import("./snapshot.ts")).snapshotStatus,
  },
  {
    name: "apiserver",
    summary: "run the API server alone, on a data directory",
    usage: "[flags]",
    load: async () => (await import("./components/apiserver.ts")).apiserver,
  },
  {
    name: "scheduler",
    summary: "run a scheduler against any cluster",
    usage: "--kubeconfig FILE",
    load: async () => (await import("./components/scheduler.ts")).scheduler,
  },
  {
    name: "controller-manager",
    summary: "run the controllers against any cluster",
    usage: "--kubeconfig FILE",
    load: async () => (await import("./components/controller-manager.ts")).controllerManager,
  },
  {
    name: "kubelet",
    summary: "run a kubelet on this machine for any cluster, with the container runtime that is here",
    usage: "--kubeconfig FILE",
    load: async () => (await import("./components/kubelet.ts")).kubelet,
  },
  {
    name: "proxy",
    summary: "run a proxy on this machine for any cluster: Services become nftables rules",
    usage: "--kubeconfig FILE",
    load: async () => (await import("./components/proxy.ts")).proxy,
  },
  {
    name: "etcd",
    summary: "serve the store of a stopped cluster by etcd's own API",
    usage: "[flags]",
    load: async () => (await import("./components/etcd.ts")).etcd,
  },
  {
    name: "version",
    summary: "say which version this is, of Coracle and of Kubernetes",
    load: async () => (await import("./version.ts")).version,
  },
]
