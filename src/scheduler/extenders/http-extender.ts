import type { Node } from "../../api/core/v1/node.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { type Rejection, resolvable, unresolvable } from "../framework.ts"
import type { NodeInfo } from "../node-info.ts"
import type { PodInfo } from "../pod-info.ts"
import type { Candidate } from "../preemption/find-victims.ts"
import type { Extender, ExtenderVerdict } from "./extender.ts"

/** An entry of `extenders` in a KubeSchedulerConfiguration, with its defaults. */
export interface ExtenderConfiguration {
  readonly urlPrefix: string
  readonly filterVerb?: string
  readonly preemptVerb?: string
  readonly prioritizeVerb?: string
  readonly weight?: number
  readonly bindVerb?: string
  readonly enableHTTPS?: boolean
  readonly tlsConfig?: ExtenderTls
  /** @default 5000 */
  readonly httpTimeoutMs?: number
  readonly nodeCacheCapable?: boolean
  readonly managedResources?: readonly { readonly name: string; readonly ignoredByScheduler?: boolean }[]
  readonly ignorable?: boolean
}

export interface ExtenderTls {
  readonly insecure?: boolean
  readonly serverName?: string
  readonly certFile?: string
  readonly keyFile?: string
  readonly caFile?: string
  /** Base64. */
  readonly certData?: string
  readonly keyData?: string
  readonly caData?: string
}

/** Posts JSON and gives the JSON that comes back; rejects on any status but 200. */
export type PostJson = (url: string, body: unknown, signal: AbortSignal) => Promise<unknown>

interface FilterResult {
  readonly nodes?: { readonly items?: readonly Node[] | null } | null
  readonly nodenames?: readonly string[] | null
  readonly failedNodes?: Readonly<Record<string, string>> | null
  readonly failedAndUnresolvableNodes?: Readonly<Record<string, string>> | null
  readonly error?: string
}

interface MetaVictims {
  readonly pods?: readonly { readonly uid: string }[] | null
  readonly numPDBViolations?: number
}

export function createHttpExtender(configuration: ExtenderConfiguration, post: PostJson): Extender {
  const { urlPrefix, filterVerb, preemptVerb, prioritizeVerb, bindVerb, nodeCacheCapable } = configuration
  const managed = configuration.managedResources ?? []
  const isIgnorable = configuration.ignorable ?? false
  const send = async <R>(verb: string, body: unknown, signal: AbortSignal): Promise<R> =>
    (await post(`${urlPrefix.replace(/\/+$/, "")}/${verb}`, body, signal)) as R
  const about = (pod: PodInfo, nodes: readonly NodeInfo[]) => ({
    pod: pod.pod,
    ...(nodeCacheCapable
      ? { nodenames: nodes.map(({ name }) => name) }
      : {
          nodes: { apiVersion: "v1", kind: "NodeList", metadata: {}, items: nodes.map(({ node }) => node) },
        }),
  })

  return {
    name: urlPrefix,
    isIgnorable,
    filters: Boolean(filterVerb),
    prioritizes: Boolean(prioritizeVerb),
    preempts: Boolean(preemptVerb),
    binds: Boolean(bindVerb),
    weight: configuration.weight ?? 0,
    ignoredResources: managed.filter(({ ignoredByScheduler }) => ignoredByScheduler).map(({ name }) => name),
    isInterestedIn: ({ pod }) =>
      managed.length === 0 || usesAny(pod, new Set(managed.map(({ name }) => name))),
    async filter(pod, nodes, signal) {
      try {
        return toVerdict(await send<FilterResult>(filterVerb!, about(pod, nodes), signal), nodes, urlPrefix)
      } catch (error) {
        if (isIgnorable) return { nodes, failed: new Map() }
        throw error
      }
    },
    async prioritize(pod, nodes, signal) {
      try {
        type Scores = readonly { readonly host: string; readonly score: number }[] | null
        const scores = await send<Scores>(prioritizeVerb!, about(pod, nodes), signal)
        return new Map((scores ?? []).map(({ host, score }) => [host, score]))
      } catch {
        // Upstream too goes on without: what is best is a matter of taste.
        return new Map()
      }
    },
    async processPreemption(pod, candidates, signal) {
      const victims = Object.fromEntries(
        candidates.map((each) => [each.node.name, nodeCacheCapable ? toMeta(each) : toFull(each)]),
      )
      const body = {
        pod: pod.pod,
        [nodeCacheCapable ? "nodeNameToMetaVictims" : "nodeNameToVictims"]: victims,
      }
      try {
        type Result = { readonly nodeNameToMetaVictims?: Readonly<Record<string, MetaVictims>> | null }
        const { nodeNameToMetaVictims } = await send<Result>(preemptVerb!, body, signal)
        return toCandidates(nodeNameToMetaVictims ?? {}, candidates, urlPrefix, isIgnorable)
      } catch (error) {
        if (isIgnorable) return candidates
        throw error
      }
    },
    async bind({ pod }, nodeName, signal) {
      const { name, namespace, uid } = pod.metadata
      const body = { podName: name, podNamespace: namespace, podUID: uid, node: nodeName }
      const { error } = await send<{ readonly error?: string }>(bindVerb!, body, signal)
      if (error) throw new Error(error)
    },
  }
}

function toVerdict(result: FilterResult, nodes: readonly NodeInfo[], extender: string): ExtenderVerdict {
  if (result.error) throw new Error(result.error)
  const names = result.nodenames ?? result.nodes?.items?.map(({ metadata }) => metadata.name) ?? []
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const left = names.map((name) => {
    const node = byName.get(name)
    if (!node)
      throw new Error(
        `extender "${extender}" claims a filtered node "${name}" which is not found in the input node list`,
      )
    return node
  })
  const failed = new Map<string, Rejection>()
  for (const [name, reason] of Object.entries(result.failedNodes ?? {})) failed.set(name, resolvable(reason))
  for (const [name, reason] of Object.entries(result.failedAndUnresolvableNodes ?? {}))
    failed.set(name, unresolvable(reason))
  return { nodes: left, failed }
}

function toMeta({ victims, violations }: Candidate) {
  return { pods: victims.map(({ uid }) => ({ uid })), numPDBViolations: violations }
}

function toFull({ victims, violations }: Candidate) {
  return { pods: victims.map(({ pod }) => pod), numPDBViolations: violations }
}

function toCandidates(
  chosen: Readonly<Record<string, MetaVictims>>,
  candidates: readonly Candidate[],
  extender: string,
  isIgnorable: boolean,
): Candidate[] {
  const byName = new Map(candidates.map((each) => [each.node.name, each]))
  return Object.entries(chosen).flatMap(([name, { pods, numPDBViolations = 0 }]) => {
    const node = byName.get(name)?.node
    if (!node) throw new Error(`extender ${extender} names the node ${name}, which was no candidate`)
    if (!pods?.length) {
      if (isIgnorable) return []
      throw new Error(`expected at least one victim pod on node "${name}"`)
    }
    const victims = pods.map(({ uid }) => {
      const victim = node.pods.get(uid)
      if (!victim)
        throw new Error(
          `extender: ${extender} claims to preempt pod (UID: ${uid}) on node: ${name}, but the pod is not found on that node`,
        )
      return victim
    })
    return [{ node, victims, violations: numPDBViolations }]
  })
}

function usesAny({ spec }: Pod, names: ReadonlySet<string>): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(({ resources }) =>
    [resources?.requests, resources?.limits].some((list) =>
      Object.keys(list ?? {}).some((name) => names.has(name)),
    ),
  )
}
