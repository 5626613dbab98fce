import { Deployment } from "../../api/apps/v1/deployment.ts"
import { ReplicaSet } from "../../api/apps/v1/replica-set.ts"
import { StatefulSet } from "../../api/apps/v1/stateful-set.ts"
import type { Pod } from "../../api/core/v1/pod.ts"
import { ReplicationController } from "../../api/core/v1/replication-controller.ts"
import {
  controllerOf,
  type KubeObject,
  type OwnerReference,
  parseGroupVersion,
} from "../../apimachinery/meta.ts"
import type { Resource } from "../../apimachinery/resource.ts"
import { isStatusError } from "../../apimachinery/status-error.ts"
import type { Cache } from "../../client/cache.ts"
import type { Client } from "../../client/client.ts"

export interface Scale {
  readonly uid: string
  readonly replicas: number
}

export interface ExpectedPods {
  readonly count: number
  /** Pods whose controller, if any, does not say how many there should be. */
  readonly unmanaged: readonly Pod[]
}

type Scaled = KubeObject & { spec: { replicas?: number | undefined } }

const builtIn: readonly Resource<Scaled>[] = [
  ReplicaSet,
  ReplicationController,
  StatefulSet,
  Deployment,
] as never

/** How many pods there should be: the sum of what their controllers want, each counted once. */
export async function countExpectedPods(
  pods: readonly Pod[],
  findScale: (pod: Pod) => Promise<Scale | undefined>,
): Promise<ExpectedPods> {
  const scales = new Map<string, number>()
  const unmanaged: Pod[] = []
  for (const pod of pods) {
    const scale = await findScale(pod)
    if (scale) scales.set(scale.uid, scale.replicas)
    else unmanaged.push(pod)
  }
  const count = Array.from(scales.values()).reduce((total, replicas) => total + replicas, 0)
  return { count, unmanaged }
}

/** Looks up the controller of a pod: a built-in one in the cache, any other through its scale subresource. */
export function scaleFinder(
  cache: Cache,
  client: Client,
  resources: () => Promise<readonly Resource[]>,
): (pod: Pod) => Promise<Scale | undefined> {
  const asked = new Map<string, Promise<Scale | undefined>>()
  return async (pod) => {
    const owner = controllerOf(pod)
    if (!owner) return undefined
    let answer = asked.get(owner.uid)
    if (!answer) asked.set(owner.uid, (answer = find(owner, pod.metadata.namespace ?? "")))
    return answer
  }

  async function find(owner: OwnerReference, namespace: string): Promise<Scale | undefined> {
    const resource = builtIn.find((one) => isKind(one, owner))
    if (!resource) return findCustom(owner, namespace)
    const object = cache.find(resource, { namespace, name: owner.name })
    if (object?.metadata.uid !== owner.uid) return undefined
    // A ReplicaSet of a Deployment is scaled by it, in the middle of a rollout differently from what is wanted.
    const above = controllerOf(object)
    const parent = above && isKind(Deployment, above) ? await find(above, namespace) : undefined
    return parent ?? { uid: owner.uid, replicas: object.spec.replicas ?? 1 }
  }

  async function findCustom(owner: OwnerReference, namespace: string): Promise<Scale | undefined> {
    const resource = (await resources()).find((one) => isKind(one, owner))
    if (!resource) return undefined
    try {
      const options = { subresource: "scale" }
      const scale = await client.get(resource, { namespace, name: owner.name }, options)
      if (scale.metadata.uid !== owner.uid) return undefined
      return { uid: owner.uid, replicas: (scale as Scaled).spec.replicas ?? 0 }
    } catch (error) {
      if (isStatusError(error, "NotFound", "MethodNotAllowed")) return undefined
      throw error
    }
  }
}

function isKind({ kind, group }: Resource, owner: OwnerReference): boolean {
  return kind === owner.kind && group === parseGroupVersion(owner.apiVersion).group
}
