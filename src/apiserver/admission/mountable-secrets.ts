import type { Container, EphemeralContainer } from "../../api/core/v1/container.ts"
import type { Pod, PodSpec } from "../../api/core/v1/pod.ts"
import type { ServiceAccount } from "../../api/core/v1/service-account.ts"
import { podReferences } from "../../api/core/v1/pod-references.ts"

/** The names of all Secrets a pod refers to. */
export function* secretNamesOf(spec: PodSpec): Iterable<string> {
  // As if it were no mirror pod, whose references do not count there.
  const pod = { metadata: { name: "" }, spec, status: {} } as unknown as Pod
  for (const { kind, name } of podReferences(pod)) if (kind === "secrets") yield name
}

/**
 * What is wrong with the pod's Secrets for an account that is annotated to list all it may use
 * (`kubernetes.io/enforce-mountable-secrets`); undefined for others.
 */
export function unlistedSecretProblem(
  account: ServiceAccount,
  { spec }: Pod,
  ephemeralOnly: boolean,
): string | undefined {
  const { annotations, name: accountName } = account.metadata
  if (!/^(1|t|true)$/i.test(annotations?.["kubernetes.io/enforce-mountable-secrets"] ?? "")) return undefined
  const listed = new Set(account.secrets?.map(({ name }) => name))
  const because = `is not allowed because service account ${accountName} does not reference that`
  const containerProblems = (prefix: string, containers: readonly (Container | EphemeralContainer)[] = []) =>
    containers.flatMap((container) =>
      unlistedIn(container, listed).map(
        (what) => `${prefix}container ${container.name} with ${what} ${because} secret`,
      ),
    )
  if (ephemeralOnly) return containerProblems("ephemeral ", spec.ephemeralContainers)[0]

  const volumes = (spec.volumes ?? [])
    .map(({ secret }) => secret?.secretName)
    .filter((name) => name !== undefined && !listed.has(name))
    .map((name) => `volume with secret.secretName="${name}" ${because} secret`)
  const pullSecrets = new Set(account.imagePullSecrets?.map(({ name }) => name))
  const pulls = (spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
    pullSecrets.has(name) ? [] : [`imagePullSecrets[${index}].name="${name}" ${because} imagePullSecret`],
  )
  return [
    ...volumes,
    ...containerProblems("init ", spec.initContainers),
    ...containerProblems("", spec.containers),
    ...pulls,
  ][0]
}

function unlistedIn(
  container: Container | EphemeralContainer,
  listed: ReadonlySet<string | undefined>,
): string[] {
  const variables = (container.env ?? []).flatMap(({ name, valueFrom }) => {
    const secret = valueFrom?.secretKeyRef?.name
    return secret === undefined || listed.has(secret)
      ? []
      : [`envVar ${name} referencing secret.secretName="${secret}"`]
  })
  const whole = (container.envFrom ?? []).flatMap(({ secretRef }) =>
    !secretRef || listed.has(secretRef.name)
      ? []
      : [`envFrom referencing secret.secretName="${secretRef.name}"`],
  )
  return [...variables, ...whole]
}
