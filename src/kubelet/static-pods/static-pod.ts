import { applyDefaults } from "../../apimachinery/defaulting.ts"
import type { Draft } from "../../apimachinery/meta.ts"
import { formatTime } from "../../apimachinery/time.ts"
import type { Node } from "../../api/core/v1/node.ts"
import { Pod, PodSchema } from "../../api/core/v1/pod.ts"

// Static pods come from files on the node, not from the API (https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/).
// The kubelet runs them whether or not there is an API server, and shows them there as mirror pods that nobody can change.

const sourceAnnotation = "kubernetes.io/config.source"
const hashAnnotation = "kubernetes.io/config.hash"
const seenAnnotation = "kubernetes.io/config.seen"
const mirrorAnnotation = "kubernetes.io/config.mirror"

/**
 * A manifest as a pod of this node. `uid` stands for the manifest's text: another text is another pod. Throws for what is
 * no pod.
 */
export function toStaticPod(
  manifest: unknown,
  { nodeName, uid, nowMs }: { readonly nodeName: string; readonly uid: string; readonly nowMs: number },
): Pod {
  const draft = manifest as Draft<Pod> | null
  if (draft?.kind !== "Pod" || draft.apiVersion !== "v1" || !draft.metadata?.name || !draft.spec)
    throw new Error("it holds no Pod of v1 with a name and a spec")
  const { metadata, spec } = structuredClone(draft)
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata,
      name: `${metadata!.name}-${nodeName}`,
      namespace: metadata!.namespace ?? "default",
      uid,
      annotations: {
        ...metadata!.annotations,
        [hashAnnotation]: uid,
        [sourceAnnotation]: "file",
        [seenAnnotation]: formatTime(nowMs),
      },
    },
    spec: {
      ...spec,
      nodeName,
      // Nothing but its file ends it.
      tolerations: [...(spec!.tolerations ?? []), { operator: "Exists", effect: "NoExecute" }],
      automountServiceAccountToken: false,
    },
    status: { phase: "Pending" },
  }
  return applyDefaults(PodSchema, pod) as unknown as Pod
}

export function isStaticPod({ metadata }: Pick<Pod, "metadata">): boolean {
  return metadata.annotations?.[sourceAnnotation] === "file" && !isMirrorPod({ metadata })
}

export function isMirrorPod({ metadata }: Pick<Pod, "metadata">): boolean {
  return metadata.annotations?.[mirrorAnnotation] !== undefined
}

/** Whether a mirror shows this very version of a static pod. */
export function mirrors(mirror: Pod, pod: Pod): boolean {
  return mirror.metadata.annotations?.[mirrorAnnotation] === pod.metadata.annotations?.[hashAnnotation]
}

/** What the API is told of a static pod. Its node owns it, so that it goes with it. */
export function mirrorFor(pod: Pod, node: Node | undefined): Draft<Pod> {
  const { name, namespace, labels, annotations } = pod.metadata
  const owner = node && {
    apiVersion: "v1",
    kind: "Node",
    name: node.metadata.name,
    uid: node.metadata.uid,
    controller: true,
  }
  return {
    metadata: {
      name,
      namespace,
      ...(labels && { labels }),
      annotations: { ...annotations, [mirrorAnnotation]: annotations?.[hashAnnotation] ?? "" },
      ...(owner && { ownerReferences: [owner] }),
    },
    spec: pod.spec,
  }
}
