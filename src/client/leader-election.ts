import { type Clock, sleep } from "../base/clock.ts"
import type { Logger } from "../base/log.ts"
import type { Random } from "../base/random.ts"
import { ignoreNotFound, isStatusError } from "../apimachinery/status-error.ts"
import type { Client } from "./client.ts"
import type { EventRecorder } from "./event-recorder.ts"
import type { LeaderHealth } from "./leader-health.ts"
import { Lease } from "../api/coordination/v1/lease.ts"

/**
 * One of several candidates leads: the one whose name is in the Lease and who renews it in time. Nobody compares clocks
 * with anybody: a candidate counts from the moment it *saw* the Lease change, so skewed clocks do no harm, as long as
 * they run at about the same rate (https://pkg.go.dev/k8s.io/client-go/tools/leaderelection).
 *
 * The leader gives up before others may take over: 10 s without a renewal against 15 s of patience.
 */
export interface LeaderElectionOptions {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly events: EventRecorder
  readonly lease: { readonly namespace: string; readonly name: string }
  /** Unique among the candidates: "machine_uuid". */
  readonly identity: string
  /** How long others wait for a leader that does not renew. @default 15_000 */
  readonly leaseDurationMs?: number
  /** How long a leader that cannot renew goes on leading. @default 10_000 */
  readonly renewDeadlineMs?: number
  /** @default 2_000 */
  readonly retryPeriodMs?: number
  readonly signal: AbortSignal
  /** Told whenever another identity, or this one, is seen to lead. */
  readonly onNewLeader?: (identity: string) => void
  /** Told of the lease whenever it is seen to have changed. */
  readonly health?: LeaderHealth
}

interface Term {
  readonly options: LeaderElectionOptions
  readonly durationMs: number
  readonly deadlineMs: number
  readonly periodMs: number
  /** The Lease as last seen, and when it was seen to change (monotonic). */
  lease: Lease | undefined
  seenMs: number
  leader: string
}

/**
 * Waits for the lease, then runs `lead` while holding it. The signal given to `lead` aborts when the lease is lost or the
 * caller's own signal aborts; in the latter case the lease is given back, so that another may lead at once. Resolves when
 * `lead` has ended. A process that lost its lease should end itself, or call this again.
 */
export async function runAsLeader(
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const term: Term = {
    options,
    durationMs: options.leaseDurationMs ?? 15_000,
    deadlineMs: options.renewDeadlineMs ?? 10_000,
    periodMs: options.retryPeriodMs ?? 2_000,
    lease: undefined,
    seenMs: 0,
    leader: "",
  }
  if (!(await acquire(term))) return
  announce(term, "became leader")
  const leading = new AbortController()
  const work = lead(leading.signal)
  await Promise.race([renewUntilLost(term), work])
  leading.abort()
  await work
  announce(term, "stopped leading")
  if (options.signal.aborted) await release(term)
}

/** True once the lease is ours; false when the signal aborted first. */
async function acquire(term: Term): Promise<boolean> {
  const { clock, random, signal } = term.options
  while (!signal.aborted) {
    if (await tryToHold(term)) return true
    await sleep(clock, term.periodMs * (1 + 1.2 * random.next()), signal)
  }
  return false
}

async function renewUntilLost(term: Term): Promise<void> {
  const { clock, signal, log } = term.options
  let renewedMs = clock.monotonic()
  while (!signal.aborted) {
    await sleep(clock, term.periodMs, signal)
    if (signal.aborted) return
    // A request that hangs must not keep a leader leading.
    const leftMs = term.deadlineMs - (clock.monotonic() - renewedMs)
    const held = await Promise.race([tryToHold(term), sleep(clock, leftMs, signal).then(() => false)])
    if (held) renewedMs = clock.monotonic()
    else if (clock.monotonic() - renewedMs >= term.deadlineMs) {
      log.error("failed to renew lease", { lease: term.options.lease, timeoutMs: term.deadlineMs })
      return
    }
  }
}

/** Takes or renews the lease if nobody else holds it. Failures are logged: the next round is near. */
async function tryToHold(term: Term): Promise<boolean> {
  const { client, clock, log, identity } = term.options
  try {
    // A leader writes without reading first; the resource version catches any change.
    if (term.lease?.spec?.holderIdentity !== identity) await observe(term)
    if (isHeldByAnother(term)) return false
    const spec = nextSpec(term)
    const lease = term.lease
      ? await client.update(Lease, { ...term.lease, spec })
      : await client.create(Lease, { metadata: { ...term.options.lease }, spec })
    saw(term, lease, clock.monotonic())
    return true
  } catch (error) {
    if (!isStatusError(error, "Conflict", "AlreadyExists"))
      log.error("error retrieving or updating the lease", { lease: term.options.lease, error })
    await observe(term).catch(() => {})
    return false
  }
}

async function observe(term: Term): Promise<void> {
  const { client, clock } = term.options
  const lease = await client.get(Lease, term.options.lease).catch(ignoreNotFound)
  if (lease?.metadata.resourceVersion !== term.lease?.metadata.resourceVersion)
    saw(term, lease, clock.monotonic())
}

function saw(term: Term, lease: Lease | undefined, nowMs: number): void {
  term.lease = lease
  term.seenMs = nowMs
  const leader = lease?.spec?.holderIdentity ?? ""
  const { health, identity, lease: at } = term.options
  health?.saw({ name: at.name, isOurs: leader === identity, durationMs: term.durationMs })
  if (leader && leader !== term.leader) term.options.onNewLeader?.(leader)
  term.leader = leader
}

function isHeldByAnother(term: Term): boolean {
  const { clock, identity } = term.options
  const { holderIdentity, leaseDurationSeconds } = term.lease?.spec ?? {}
  if (!holderIdentity || holderIdentity === identity) return false
  const patienceMs = leaseDurationSeconds ? leaseDurationSeconds * 1000 : term.durationMs
  return clock.monotonic() < term.seenMs + patienceMs
}

function nextSpec(term: Term): Lease["spec"] {
  const { clock, identity } = term.options
  const previous = term.lease?.spec
  const now = microTime(clock.now())
  const mine = previous?.holderIdentity === identity
  const transitions = previous?.leaseTransitions ?? 0
  return {
    ...previous,
    holderIdentity: identity,
    leaseDurationSeconds: term.durationMs / 1000,
    renewTime: now,
    acquireTime: (mine ? previous?.acquireTime : undefined) ?? now,
    leaseTransitions: mine || !previous ? transitions : transitions + 1,
  }
}

async function release(term: Term): Promise<void> {
  const { client, clock, identity, log } = term.options
  if (term.lease?.spec?.holderIdentity !== identity) return
  const now = microTime(clock.now())
  const { leaseTransitions } = term.lease.spec
  const spec = {
    holderIdentity: "",
    leaseDurationSeconds: 1,
    renewTime: now,
    acquireTime: now,
    ...(leaseTransitions !== undefined && { leaseTransitions }),
  }
  await client
    .update(Lease, { ...term.lease, spec })
    .catch((error: unknown) => log.warn("failed to release lease", { error }))
}

function announce(term: Term, what: string): void {
  const { events, identity, log } = term.options
  log.info(what, { identity })
  if (term.lease) events.event(term.lease, "Normal", "LeaderElection", `${identity} ${what}`)
}

function microTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}
