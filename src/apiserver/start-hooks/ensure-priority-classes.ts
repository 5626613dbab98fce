import { PriorityClass } from "../../api/scheduling/v1/priority-class.ts"
import { ignoreAlreadyExists, ignoreNotFound } from "../../apimachinery/status-error.ts"
import type { Client } from "../../client/client.ts"

const classes = [
  {
    name: "system-node-critical",
    value: 2_000_001_000,
    description: "Used for system critical pods that must not be moved from their current node.",
  },
  {
    name: "system-cluster-critical",
    value: 2_000_000_000,
    description:
      "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
  },
]

/** Makes true that the two priorities are there that the cluster's own pods ask for. */
export async function ensurePriorityClasses(client: Client): Promise<void> {
  await Promise.all(
    classes.map(async ({ name, ...rest }) => {
      const found = await client.get(PriorityClass, { name }).catch(ignoreNotFound)
      if (!found)
        await client.create(PriorityClass, { metadata: { name }, ...rest }).catch(ignoreAlreadyExists)
    }),
  )
}
