import { dnsLabelName } from "../../apimachinery/names.ts"
import { fieldPath } from "../../apimachinery/field-path.ts"
import { claimSpecWarnings } from "../core/validation/storage-warnings.ts"
import { nameWarnings, podTemplateWarnings } from "../core/warnings/pod.ts"
import { dropSwitchedOff } from "../core/prepare/pod.ts"
import type { PodTemplateSpec } from "../core/v1/pod.ts"
import type { KubeObject } from "../../apimachinery/meta.ts"
import { type KindRules, type RulesByResource, rules } from "../validation/kind-rules.ts"
import { semanticEqual } from "../validation/semantic-equal.ts"
import type { ControllerRevision } from "./v1/controller-revision.ts"
import type { DaemonSet } from "./v1/daemon-set.ts"
import type { Deployment } from "./v1/deployment.ts"
import type { ReplicaSet } from "./v1/replica-set.ts"
import type { StatefulSet } from "./v1/stateful-set.ts"
import {
  validateControllerRevision,
  validateControllerRevisionUpdate,
} from "./validation/controller-revision.ts"
import {
  validateDaemonSet,
  validateDaemonSetStatusUpdate,
  validateDaemonSetUpdate,
} from "./validation/daemon-set.ts"
import {
  validateDeployment,
  validateDeploymentStatusUpdate,
  validateDeploymentUpdate,
} from "./validation/deployment.ts"
import { setTemplateGeneration, templateGenerationOf } from "./template-generation.ts"
import {
  validateReplicaSet,
  validateReplicaSetStatusUpdate,
  validateReplicaSetUpdate,
} from "./validation/replica-set.ts"
import {
  validateStatefulSet,
  validateStatefulSetStatusUpdate,
  validateStatefulSetUpdate,
} from "./validation/stateful-set.ts"

type Templated = KubeObject & { readonly spec: { readonly template: PodTemplateSpec } }

/** For controllers that make pods of a template. */
const templated = {
  prepareForCreate: ({ spec }: Templated) => dropSwitchedOff(spec.template.spec, undefined),
  prepareForUpdate: ({ spec }: Templated, old: Templated) =>
    dropSwitchedOff(spec.template.spec, old.spec.template.spec),
  *warnings({ metadata, spec }: Templated, old: Templated | undefined) {
    if (metadata.generation === old?.metadata.generation) return
    yield* podTemplateWarnings(spec.template, fieldPath("spec", "template"))
  },
} satisfies KindRules<Templated>

export const appsRules: RulesByResource = {
  deployments: rules<Deployment>({
    ...templated,
    prepareForUpdate(deployment, old) {
      templated.prepareForUpdate(deployment, old)
      const { metadata } = deployment
      // Annotations go along to the ReplicaSets.
      const isSame = semanticEqual(metadata.annotations ?? {}, old.metadata.annotations ?? {})
      if (!isSame) metadata.generation = (old.metadata.generation ?? 0) + 1
    },
    *warnings(object, old) {
      if (!old) yield* nameWarnings(object.metadata.name)
      yield* templated.warnings(object, old)
    },
    validate: validateDeployment,
    validateUpdate: validateDeploymentUpdate,
    validateStatusUpdate: validateDeploymentStatusUpdate,
  }),
  replicasets: rules<ReplicaSet>({
    ...templated,
    *warnings(object, old) {
      if (!old) yield* nameWarnings(object.metadata.name)
      yield* templated.warnings(object, old)
    },
    validate: validateReplicaSet,
    validateUpdate: validateReplicaSetUpdate,
    validateStatusUpdate: validateReplicaSetStatusUpdate,
  }),
  statefulsets: rules<StatefulSet>({
    nameRule: dnsLabelName,
    ...templated,
    *warnings(statefulSet, old) {
      yield* templated.warnings(statefulSet, old)
      const { volumeClaimTemplates = [], revisionHistoryLimit = 0 } = statefulSet.spec
      for (const [index, { spec }] of volumeClaimTemplates.entries()) {
        const path = fieldPath("spec", "volumeClaimTemplates").index(index)
        yield* claimSpecWarnings(spec, old ? path.child("Spec") : path)
      }
      if (revisionHistoryLimit >= 0) return
      yield "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended"
    },
    validate: validateStatefulSet,
    validateUpdate: validateStatefulSetUpdate,
    validateStatusUpdate: validateStatefulSetStatusUpdate,
  }),
  daemonsets: rules<DaemonSet>({
    ...templated,
    prepareForCreate(daemonSet) {
      templated.prepareForCreate(daemonSet)
      setTemplateGeneration(daemonSet, Math.max(1, templateGenerationOf(daemonSet)))
    },
    prepareForUpdate(daemonSet, old) {
      templated.prepareForUpdate(daemonSet, old)
      const before = templateGenerationOf(old)
      const isSame = semanticEqual(daemonSet.spec.template, old.spec.template)
      setTemplateGeneration(daemonSet, isSame ? before : before + 1)
    },
    validate: validateDaemonSet,
    validateUpdate: validateDaemonSetUpdate,
    validateStatusUpdate: validateDaemonSetStatusUpdate,
  }),
  controllerrevisions: rules<ControllerRevision>({
    validate: validateControllerRevision,
    validateUpdate: validateControllerRevisionUpdate,
  }),
}
