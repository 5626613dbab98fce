import { createClient } from "../../client/create-client.ts"
import type { Client } from "../../client/client.ts"
import type { Clock } from "../../base/clock.ts"
import type { AuditTrail } from "../audit/audit-trail.ts"
import type { WebhookTransport } from "../webhooks/webhook-caller.ts"
import { anonymous, type UserInfo } from "../authentication/authenticator.ts"
import { createDefaultAuthorizer } from "../authorization/default-authorizer.ts"
import { defaultPolicy } from "../authorization/rbac/bootstrap/default-policy.ts"
import { ensurePolicy } from "../authorization/rbac/bootstrap/ensure-policy.ts"
import { startTestServer, type TestServer } from "../testing.ts"
import type { AdmissionContext } from "./admission.ts"
import { type AdmissionOptions, createAdmissionChain } from "./create-admission-chain.ts"

export interface GuardedServer extends TestServer {
  /** A client of somebody who is not all-powerful. */
  clientOf(name: string, ...groups: string[]): Client
}

/** The real API server with RBAC, the Node authorizer, the default policy and the default admission plugins. */
export async function startGuardedServer(
  options: Omit<AdmissionOptions, keyof AdmissionContext | "policy"> & {
    clock?: Clock
    webhookTransport?: WebhookTransport
    createAudit?: (clock: Clock) => AuditTrail
  } = {},
): Promise<GuardedServer> {
  const { clock, webhookTransport, createAudit, ...plugins } = options
  const server = await startTestServer({
    ...(clock && { clock }),
    ...(webhookTransport && { webhookTransport }),
    ...(createAudit && { createAudit }),
    security: (context) => {
      const { authorizer, policy, followers } = createDefaultAuthorizer()
      return {
        authenticator: { authenticate: async () => ({ user: anonymous }) },
        authorizer,
        admission: createAdmissionChain({ ...context, authorizer, policy, ...plugins }),
        followers,
        startHooks: [(client) => ensurePolicy(client, defaultPolicy())],
      }
    },
  })
  const clientOf = (name: string, ...groups: string[]) => {
    const user: UserInfo = { name, groups: [...groups, "system:authenticated"], extra: {} }
    return createClient(server.server.transportFor(user))
  }
  return { ...server, clientOf }
}
