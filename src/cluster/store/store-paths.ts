import { badRequest, expired } from "../../apimachinery/status-errors.ts"
import type { ServerResponse } from "../../apiserver/http/response.ts"
import type { ExtraPath } from "../../apiserver/paths/handle-path.ts"
import type { Clock } from "../../base/clock.ts"
import type { EmbeddedStore } from "../../etcd/embedded/embedded-store.ts"
import { stateAt } from "../../etcd/mvcc/state-at.ts"
import { snapshotOf } from "../../etcd/snapshot/snapshot-file.ts"

/**
 * What the API server tells of its own store to those who may get the path, which are the cluster's administrators:
 *
 *     /store/revision?at=TIME     the resourceVersion of that moment, for lists with resourceVersionMatch=Exact
 *     /store/snapshot             a backup, as `etcdctl snapshot save` makes it; with `at` or `revision`, of the past
 */
export function storePaths(store: EmbeddedStore, clock: Clock): Readonly<Record<string, ExtraPath>> {
  return {
    "/store/revision": async (query) => {
      const revision = await askedRevision(store, query)
      const text = `${JSON.stringify({ resourceVersion: String(revision) })}\n`
      const bytes = new TextEncoder().encode(text)
      return { status: 200, headers: { "content-type": "application/json" }, body: { kind: "bytes", bytes } }
    },
    "/store/snapshot": async (query): Promise<ServerResponse> => {
      const revision = await askedRevision(store, query)
      const snapshot = await snapshotOf(stateAt(store.forkState(), revision), clock)
      return {
        status: 200,
        headers: { "content-type": "application/octet-stream" },
        body: { kind: "stream", chunks: inTurns(snapshot.pieces(), clock) },
      }
    },
  }
}

/** Other requests are answered between two pieces. */
async function* inTurns(pieces: Iterable<Uint8Array>, clock: Clock): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    yield piece
    await new Promise<void>((resolve) => clock.soon(resolve))
  }
}

async function askedRevision(store: EmbeddedStore, query: URLSearchParams): Promise<number> {
  const [at, revision] = [query.get("at"), query.get("revision")]
  const newest = await store.currentRevision()
  if (at !== null) return revisionAt(store, at)
  if (revision === null) return newest
  const asked = Number(revision)
  if (!/^[1-9]\d*$/.test(revision) || asked > newest)
    throw badRequest(`revision ${JSON.stringify(revision)}: expected a number up to ${newest}`)
  if (asked < store.stats().compactRevision) throw expired(`revision ${revision} is not kept any more`)
  return asked
}

function revisionAt(store: EmbeddedStore, at: string): number {
  const timeMs = Date.parse(at)
  if (Number.isNaN(timeMs))
    throw badRequest(`at ${JSON.stringify(at)}: expected a time such as 2026-11-29T20:00:00Z`)
  const found = store.revisionAt(timeMs)
  if (found === undefined || found < store.stats().compactRevision)
    throw expired(`what was at ${at} is not kept any more: --history says how long it is`)
  return found
}
