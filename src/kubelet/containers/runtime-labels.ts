import type { Container } from "../../api/core/v1/container.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { hashContainer } from "../pods/hash-container.ts"

// How sandboxes and containers are marked, so that a kubelet that starts anew (ours or upstream's, or crictl) knows whose
// they are. The keys are upstream's.

export const podNameLabel = "io.kubernetes.pod.name"
export const podNamespaceLabel = "io.kubernetes.pod.namespace"
export const podUidLabel = "io.kubernetes.pod.uid"
export const containerNameLabel = "io.kubernetes.container.name"

export const containerHashAnnotation = "io.kubernetes.container.hash"
export const restartCountAnnotation = "io.kubernetes.container.restartCount"
export const terminationMessagePathAnnotation = "io.kubernetes.container.terminationMessagePath"
export const terminationMessagePolicyAnnotation = "io.kubernetes.container.terminationMessagePolicy"
export const gracePeriodAnnotation = "io.kubernetes.pod.terminationGracePeriod"
export const preStopAnnotation = "io.kubernetes.container.preStopHandler"
/** Ours: what the container was given at its start. */
export const resourcesAnnotation = "coracle.dev/container.resources"
/** Ours: what its pod as a whole was given then. */
export const podResourcesAnnotation = "coracle.dev/pod.resources"
export const portsAnnotation = "io.kubernetes.container.ports"

type Labels = Record<string, string>

export function podIdentity({ metadata }: Pod): Labels {
  return {
    [podNameLabel]: metadata.name,
    [podNamespaceLabel]: metadata.namespace ?? "",
    [podUidLabel]: metadata.uid,
  }
}

export function sandboxLabels(pod: Pod): Labels {
  return { ...pod.metadata.labels, ...podIdentity(pod) }
}

export function sandboxAnnotations({ metadata }: Pod): Labels {
  return { ...metadata.annotations }
}

export function containerLabels(pod: Pod, { name }: Container): Labels {
  return { ...podIdentity(pod), [containerNameLabel]: name }
}

/** What a later kubelet needs to end the container properly, even if its pod is gone from the API by then. */
export function containerAnnotations(pod: Pod, container: Container, attempt: number): Labels {
  const { terminationGracePeriodSeconds } = pod.spec
  const { lifecycle, ports } = container
  return {
    [containerHashAnnotation]: hashContainer(container),
    [restartCountAnnotation]: String(attempt),
    [terminationMessagePathAnnotation]: container.terminationMessagePath,
    [terminationMessagePolicyAnnotation]: container.terminationMessagePolicy,
    ...(terminationGracePeriodSeconds !== undefined && {
      [gracePeriodAnnotation]: String(terminationGracePeriodSeconds),
    }),
    ...(lifecycle?.preStop && { [preStopAnnotation]: JSON.stringify(lifecycle.preStop) }),
    [resourcesAnnotation]: JSON.stringify(container.resources ?? {}),
    ...(pod.spec.resources && { [podResourcesAnnotation]: JSON.stringify(pod.spec.resources) }),
    ...(ports && ports.length > 0 && { [portsAnnotation]: JSON.stringify(ports) }),
  }
}
