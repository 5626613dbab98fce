import { type Clock, sleep, type Timer } from "../../base/clock.ts"
import type { Logger } from "../../base/log.ts"
import { isStatusError, StatusError } from "../../apimachinery/status-error.ts"
import { exponentialMs } from "../../client/backoff.ts"
import { TokenBuckets } from "../../client/token-buckets.ts"
import type { PostToWebhook } from "../webhooks/post-to-webhook.ts"
import type { AuditEvent, AuditSink } from "./event.ts"

export interface BatchingWebhookOptions {
  readonly post: PostToWebhook
  /** `--audit-webhook-batch-buffer-size`: more events than this wait for nobody. @default 10_000 */
  readonly bufferSize?: number
  /** `--audit-webhook-batch-max-size`. @default 400 */
  readonly maxBatchSize?: number
  /** `--audit-webhook-batch-max-wait`. @default 30_000 */
  readonly maxBatchWaitMs?: number
  /** `--audit-webhook-batch-throttle-qps`. @default 10 */
  readonly batchesPerSecond?: number
  /** `--audit-webhook-batch-throttle-burst`. @default 15 */
  readonly batchBurst?: number
  /** `--audit-webhook-initial-backoff`: doubled with each failure. @default 10_000 */
  readonly initialBackoffMs?: number
  readonly clock: Clock
  readonly log: Logger
}

const attempts = 5
const postTimeoutMs = 30_000
const throttleStepMs = 50

/**
 * Sends events in batches, as EventLists, to a server that may be slow or gone for a while. Requests never wait for it: what
 * does not fit into the buffer, or fails too often, is lost and said so in the log.
 */
export function batchingWebhook(options: BatchingWebhookOptions): AuditSink {
  const { clock, bufferSize = 10_000, maxBatchSize = 400, maxBatchWaitMs = 30_000 } = options
  const { batchesPerSecond = 10, batchBurst = 15 } = options
  const buckets = new TokenBuckets({ burst: batchBurst, perSecond: batchesPerSecond, capacity: 1 })
  const sender = new BatchSender(options)
  const sending = new Set<Promise<void>>()
  let waiting: AuditEvent[] = []
  let buffered = 0
  let timer: Timer | undefined

  const dispatch = () => {
    timer?.cancel()
    timer = undefined
    const batch = waiting
    waiting = []
    if (batch.length === 0) return
    const sent = throttled(buckets, clock)
      .then(() => sender.send(batch))
      .finally(() => {
        buffered -= batch.length
        sending.delete(sent)
      })
    sending.add(sent)
  }
  return {
    write(event) {
      if (buffered >= bufferSize) {
        options.log.error("audit event dropped: the webhook does not keep up", { auditID: event.auditID })
        return
      }
      buffered++
      waiting.push(event)
      if (waiting.length >= maxBatchSize) dispatch()
      else timer ??= clock.after(maxBatchWaitMs, dispatch)
    },
    async close() {
      dispatch()
      sender.giveUpRetrying()
      await Promise.all(sending)
    },
  }
}

async function throttled(buckets: TokenBuckets, clock: Clock): Promise<void> {
  while (!buckets.take("", clock.monotonic())) await sleep(clock, throttleStepMs)
}

class BatchSender {
  readonly #options: BatchingWebhookOptions
  readonly #closing = new AbortController()

  constructor(options: BatchingWebhookOptions) {
    this.#options = options
  }

  giveUpRetrying(): void {
    this.#closing.abort()
  }

  async send(items: readonly AuditEvent[]): Promise<void> {
    const { post, clock, log, initialBackoffMs = 10_000 } = this.#options
    const list = { kind: "EventList", apiVersion: "audit.k8s.io/v1", metadata: {}, items }
    for (let failures = 0; ; failures++) {
      try {
        await post(list, postTimeoutMs, new AbortController().signal)
        return
      } catch (error) {
        if (failures + 1 === attempts || isFinal(error) || this.#closing.signal.aborted) {
          log.error("audit events lost: the webhook refused them", {
            events: items.length,
            error: String(error),
          })
          return
        }
      }
      await sleep(clock, exponentialMs(initialBackoffMs, Infinity, failures), this.#closing.signal)
    }
  }
}

/** A refusal that would be the same again. */
function isFinal(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false
  return error.code < 500 && !isStatusError(error, "TooManyRequests") && !isStatusError(error, "Timeout")
}
