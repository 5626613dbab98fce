/**
 * Posts an object to the server of a kubeconfig file (`--audit-webhook-config-file` and its like) and gives the object
 * that was answered. Rejects when `timeoutMs` have passed or `signal` aborts, with StatusError when the answer is a
 * refusal, and with any other Error when there was no answer.
 */
export type PostToWebhook = (body: object, timeoutMs: number, signal: AbortSignal) => Promise<object>
