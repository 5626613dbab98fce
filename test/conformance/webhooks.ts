import { expect } from "vitest"
import { startWebhookServer, type WebhookServer } from "../clients/start-webhook-server.ts"
import type { Answer, Json, World } from "./harness.ts"

export type Phase = "validating" | "mutating"

const registration = "/apis/admissionregistration.k8s.io/v1"
/** Where the configurations of webhooks are. */
export const configurationPath = (phase: Phase, name = "") =>
  `${registration}/${phase}webhookconfigurations${name && `/${name}`}`

/** Data that the server's webhooks refuse. */
export const disallowed = { "webhook-e2e-test": "webhook-disallow" }
/** Data that two calls of its mutating one turn into `bothStages`. */
export const startMutation = { "mutation-start": "yes" }
export const bothStages = { ...startMutation, "mutation-stage-1": "yes", "mutation-stage-2": "yes" }

export function expectRefused({ status, body }: Answer, ...messages: string[]): void {
  expect(status, body["message"]).toBeGreaterThanOrEqual(400)
  for (const message of messages) expect(body["message"]).toContain(message)
}

/** A webhook server in a process of its own, for the tests of one file. Call `start` before them and `stop` after. */
export function useWebhooks() {
  let server: WebhookServer
  return {
    async start(): Promise<void> {
      server = await startWebhookServer()
    },
    stop: () => server.stop(),
    url: (path: string) => `https://127.0.0.1:${server.port}${path}`,

    /** A webhook at a path of the server, asked about the test's own namespace alone. */
    hook(namespace: string, path: string, rules: readonly object[], more: object = {}): Json {
      return {
        name: `${path.slice(1).replaceAll("/", "-")}.k8s.io`,
        clientConfig: { url: `https://127.0.0.1:${server.port}${path}`, caBundle: server.caBundle },
        rules,
        sideEffects: "None",
        admissionReviewVersions: ["v1", "v1beta1"],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        ...more,
      }
    },

    /** Registers webhooks for the time of `work`. */
    async withWebhooks(
      { api, namespace }: World,
      phase: Phase,
      webhooks: readonly Json[],
      work: (path: string) => Promise<void>,
    ): Promise<void> {
      await api.create(configurationPath(phase), { metadata: { name: namespace }, webhooks })
      try {
        await work(configurationPath(phase, namespace))
      } finally {
        await api.delete(configurationPath(phase, namespace))
      }
    },
  }
}
