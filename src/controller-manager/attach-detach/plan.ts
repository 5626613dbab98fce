import { isNodeReady } from "../../api/core/v1/is-node-ready.ts"
import type { Node } from "../../api/core/v1/node.ts"
import type { PersistentVolume } from "../../api/core/v1/persistent-volume.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import type { VolumeAttachment } from "../../api/storage/v1/volume-attachment.ts"

/** How long a volume stays attached to a node that does not answer and still had it mounted. */
const patienceMs = 6 * 60_000

export interface AttachObservation {
  readonly volume: PersistentVolume
  /** Pods that use it and have a node where volumes are attached for them. */
  readonly pods: readonly Pod[]
  readonly attachments: readonly VolumeAttachment[]
  readonly findNode: (name: string) => Node | undefined
  /** Since when nobody on this node needs the volume any more; remembers when it is first asked. */
  readonly unneededSinceMs: (nodeName: string) => number
  readonly nowMs: number
}

export interface AttachPlan {
  readonly attach: readonly string[]
  readonly detach: readonly VolumeAttachment[]
  /** Pods that must wait, because the volume can be on one node only and is on another. */
  readonly refused: readonly Pod[]
  readonly recheckInMs?: number
}

/** Detaching comes first: a volume that moves is free before it is attached elsewhere. */
export function planAttachments(observation: AttachObservation): AttachPlan {
  const { volume, pods, attachments, findNode, unneededSinceMs, nowMs } = observation
  const wanted = new Set(pods.map(({ spec }) => spec.nodeName!))
  const detach: VolumeAttachment[] = []
  let recheckInMs: number | undefined
  for (const attachment of attachments) {
    const { nodeName } = attachment.spec
    if (wanted.has(nodeName) || attachment.metadata.deletionTimestamp) continue
    const waitMs = patienceMs - (nowMs - unneededSinceMs(nodeName))
    const node = findNode(nodeName)
    if (!node || !isMounted(volume, node) || mayForce(node, waitMs)) detach.push(attachment)
    else if (!isNodeReady(node)) recheckInMs = Math.min(recheckInMs ?? waitMs, waitMs)
  }
  const attached = new Set(attachments.map(({ spec }) => spec.nodeName))
  const missing = [...wanted].filter((nodeName) => !attached.has(nodeName))
  const isBusy = !allowsSeveralNodes(volume) && attachments.length > 0
  const attach = isBusy ? [] : allowsSeveralNodes(volume) ? missing : missing.slice(0, 1)
  const refused = pods.filter(
    ({ spec }) => missing.includes(spec.nodeName!) && !attach.includes(spec.nodeName!),
  )
  return { attach, detach, refused, ...(recheckInMs !== undefined && { recheckInMs }) }
}

function allowsSeveralNodes({ spec }: PersistentVolume): boolean {
  return spec.accessModes?.some((mode) => mode === "ReadWriteMany" || mode === "ReadOnlyMany") === true
}

/** "kubernetes.io/csi/DRIVER^HANDLE": as nodes tell what they have attached and mounted. */
export function uniqueName({ spec }: PersistentVolume): string {
  return `kubernetes.io/csi/${spec.csi!.driver}^${spec.csi!.volumeHandle}`
}

function isMounted(volume: PersistentVolume, { status }: Node): boolean {
  return status.volumesInUse?.includes(uniqueName(volume)) === true
}

/** Somebody has said that the node is down, or it has not answered for long. */
function mayForce(node: Node, waitMs: number): boolean {
  const isOutOfService = node.spec.taints?.some(({ key }) => key === "node.kubernetes.io/out-of-service")
  return isOutOfService === true || (!isNodeReady(node) && waitMs <= 0)
}

/** What a node's status should say is attached, as far as this volume goes; undefined when it says so. */
export function planAttached(
  volume: PersistentVolume,
  { status }: Node,
  isAttached: boolean,
): NonNullable<Node["status"]["volumesAttached"]> | undefined {
  const name = uniqueName(volume)
  const present = status.volumesAttached ?? []
  if (present.some((one) => one.name === name) === isAttached) return undefined
  return isAttached ? [...present, { name, devicePath: "" }] : present.filter((one) => one.name !== name)
}

/** Why a pod must wait, in the words that it may see: pods of other namespaces have no names for it. */
export function explainRefusal(volume: PersistentVolume, pod: Pod, others: readonly Pod[]): string {
  const prefix = `Multi-Attach error for volume "${volume.metadata.name}" `
  const users = others.filter(({ spec }) => spec.nodeName !== pod.spec.nodeName)
  if (users.length === 0)
    return `${prefix}Volume is already exclusively attached to one node and can't be attached to another`
  const { namespace } = pod.metadata
  const local = users.filter(({ metadata }) => metadata.namespace === namespace)
  const foreign = users.length - local.length
  const elsewhere = `${foreign} pod(s) in different namespaces`
  if (local.length === 0) return `${prefix}Volume is already used by ${elsewhere}`
  const names = local.map(({ metadata }) => metadata.name).join(", ")
  return `${prefix}Volume is already used by pod(s) ${names}${foreign > 0 ? ` and ${elsewhere}` : ""}`
}
