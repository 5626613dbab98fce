/**
 * Three members of a real etcd, one of which is killed and comes back, and one of which is then cut off from everybody.
 * Clients go on meanwhile; what they were told must be linearizable, and a watch must have missed nothing.
 */
import { afterEach, expect, test } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { WatchRecorder } from "../contract/watch-recorder.ts"
import { checkHistory, type Operation } from "../linearizability/check-history.ts"
import { recordHistory } from "../linearizability/record-history.ts"
import type { Store } from "../store.ts"
import { createRemoteStore } from "./remote-store.ts"
import { canRunEtcd, TestEtcd } from "./test-etcd.ts"
import { canMakeNamespaces, TestNetwork } from "./test-network.ts"

const wait = (milliseconds: number) => new Promise<void>((resolve) => realClock.after(milliseconds, resolve))
const hasEtcd = canRunEtcd()
const hasNamespaces = hasEtcd && canMakeNamespaces()
if (!hasEtcd) console.log("skipped: etcd is not installed (Debian: apt-get install etcd-server)")
else if (!hasNamespaces) console.log("cutting a member off is skipped: it needs root, for network namespaces")

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const step of cleanUp.splice(0).toReversed()) await step()
})

/** Each client prefers another member. */
function connect(cluster: TestEtcd, client: number): Store {
  const { endpoints } = cluster
  const first = client % endpoints.length
  const store = createRemoteStore({
    endpoints: [...endpoints.slice(first), ...endpoints.slice(0, first)],
    clock: realClock,
    log: silentLogger,
    timeoutMs: 3000,
  })
  cleanUp.push(() => store.close())
  return store
}

const answeredBetween = (history: readonly Operation[], from: number, to: number) =>
  history.filter(({ startMs, endMs }) => startMs > from && endMs < to).length

test.skipIf(!hasEtcd)("nothing is lost while members are", { timeout: 60_000 }, async () => {
  const network = hasNamespaces ? new TestNetwork(3) : undefined
  if (network) cleanUp.push(() => network.remove())
  const cluster = network ? TestEtcd.startAt(network.places) : await TestEtcd.start(3)
  cleanUp.push(() => cluster.remove())
  const stores = [0, 1, 2, 3, 4, 5].map((client) => connect(cluster, client))
  const started = await stores[0]!.currentRevision()

  const watches = stores.slice(0, 3).map((store) => new WatchRecorder(store, { key: "k", rangeEnd: "l" }))
  await Promise.all(watches.map((watch) => watch.started))
  const recording = recordHistory({
    stores,
    clock: realClock,
    random: new SeededRandom("cluster"),
    keys: ["k1", "k2", "k3", "k4"],
    durationMs: network ? 9000 : 4000,
    pause: () => wait(15),
  })
  await wait(1000)
  const killed = realClock.monotonic()
  await cluster.kill(cluster.members[0]!)
  await wait(2000)
  cluster.startMember(cluster.members[0]!)
  const restarted = realClock.monotonic()
  await wait(1000)
  const cut = realClock.monotonic()
  network?.cutOff(1)
  await wait(network ? 2500 : 0)
  const healed = realClock.monotonic()
  network?.heal(1)
  const history = await recording

  expect(checkHistory(history)).toEqual({ linearizable: true })
  // The test tested: clients went on all the time.
  expect(answeredBetween(history, killed + 1000, restarted)).toBeGreaterThan(20)
  if (network) expect(answeredBetween(history, cut + 1000, healed)).toBeGreaterThan(20)

  const revision = await stores[0]!.currentRevision()
  const replay = new WatchRecorder(stores[0]!, { key: "k", rangeEnd: "l", startRevision: started + 1 })
  await replay.until(revision)
  expect(replay.events.length).toBeGreaterThan(100)
  for (const watch of watches) {
    await watch.until(revision)
    expect(watch.events).toEqual(replay.events)
    expect(watch.error).toBeUndefined()
  }
})
