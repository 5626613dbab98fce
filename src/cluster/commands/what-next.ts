import { type ClusterState, dataDirectory } from "../data-directory.ts"
import type { SnapshotOptions } from "../store/store-flags.ts"
import type { UpOptions } from "./up-options.ts"

/**
 * What `up` prints when the cluster is ready.
 *
 * @param context the kubeconfig's
 * @param hint how to have kubectl find it, if more is needed than calling it
 */
export function whatNext(
  { nodes, notes }: { nodes: ClusterState["nodes"]; notes: readonly string[] },
  { store, dataDir }: UpOptions,
  context: string,
  hint: string,
): string {
  const simulated = nodes.every(({ runtime }) => runtime === "simulated")
  const detached = process.send !== undefined
  return [
    "",
    ...(store.snapshot ? aboutSnapshot(store.snapshot) : []),
    ...notes,
    `The context "${context}" is set in your kubeconfig${hint}. What next:`,
    ...(store.snapshot ? lookAround(context) : tryOut(simulated)),
    ...(store.listen ? [`  ${etcdctl(dataDir, store.listen.port)} get /registry --prefix --keys-only`] : []),
    detached
      ? `  coracle down${dataDir || store.snapshot ? ` --data-dir ${dataDirectory(dataDir, store.snapshot && "-snapshot").path}` : ""}`
      : `  Ctrl-C stops the cluster; ${store.snapshot ? "what was changed is gone then" : "nothing is lost"}.`,
    "",
  ].join("\n")
}

/** How etcd's own client is let in. */
function etcdctl(dataDir: string | undefined, port: number): string {
  const file = (name: string) => `${dataDirectory(dataDir).pki}/etcd/${name}`
  const client = `--cert ${file("healthcheck-client.crt")} --key ${file("healthcheck-client.key")}`
  return `etcdctl --endpoints https://127.0.0.1:${port} --cacert ${file("ca.crt")} ${client}`
}

function aboutSnapshot({ file, readOnly, controllers }: SnapshotOptions): string[] {
  return [
    readOnly
      ? `This is the cluster in ${file}, read-only: every change is refused.`
      : `This is a fork of the cluster in ${file}, in memory: changes stay in this process, the file is only read.`,
    controllers
      ? "Scheduler and controllers run: they will evict what ran on nodes that are not here."
      : "No scheduler, controller or node runs: what it says of nodes and pods is how they were then.",
    "",
  ]
}

function lookAround(context: string): string[] {
  return [
    `  kubectl config use-context ${context}`,
    "  kubectl get nodes,namespaces",
    "  kubectl get deployments,statefulsets,services,configmaps -A",
  ]
}

function tryOut(simulated: boolean): string[] {
  return [
    "  kubectl get nodes",
    ...(simulated
      ? ["  kubectl create deployment hello --image=hello   # containers are simulated on this node"]
      : [
          "  kubectl create deployment hello --image=IMAGE --port=8080",
          "  kubectl expose deployment hello --type=NodePort",
          "  coracle image load FILE.tar                      # an image without a registry",
        ]),
  ]
}
