import { Deployment, type DeploymentStatus } from "../../api/apps/v1/deployment.ts"
import type { Client } from "../../client/client.ts"
import { semanticallyEqual } from "../shared/semantically-equal.ts"

/**
 * Writes status and annotations if either says something new, in one request: the status subresource of a Deployment
 * takes annotations too, and there they do not count as a new generation.
 */
export async function updateDeploymentStatus(
  client: Client,
  deployment: Deployment,
  status: DeploymentStatus,
  annotations: Readonly<Record<string, string | undefined>> = {},
): Promise<void> {
  const present = deployment.metadata.annotations ?? {}
  const changed = Object.entries(annotations).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && present[entry[0]] !== entry[1],
  )
  if (changed.length === 0 && semanticallyEqual(deployment.status, status)) return
  const metadata = { ...deployment.metadata, annotations: { ...present, ...Object.fromEntries(changed) } }
  await client.updateStatus(Deployment, { ...deployment, metadata, status })
}
