/**
 * Three members of a real etcd, one of which, the leader, is killed and comes back, and whose next leader is then cut off
 * from everybody. Clients go on meanwhile; what they were told must be linearizable, and a watch must have missed nothing.
 */
import { afterEach, expect, test } from "vitest"
import { silentLogger } from "../../base/log.ts"
import { realClock } from "../../base/real/clock.ts"
import { SeededRandom } from "../../base/simulated/random.ts"
import { WatchRecorder } from "../contract/watch-recorder.ts"
import { checkHistory } from "../linearizability/check-history.ts"
import { recordHistory, type Recording } from "../linearizability/record-history.ts"
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

/** Waits until clients, whoever they talk to, have been answered again what they began after now. */
async function clientsGoOn({ history }: Recording): Promise<void> {
  const now = realClock.monotonic()
  const answered = () => history.filter(({ startMs, endMs }) => startMs > now && Number.isFinite(endMs))
  const clients = () => new Set(answered().map(({ client }) => client)).size
  while (answered().length < 60 || clients() < clientCount) await wait(50)
}

const clientCount = 6

test.skipIf(!hasEtcd)("nothing is lost while members are", { timeout: 100_000 }, async () => {
  const network = hasNamespaces ? new TestNetwork(3) : undefined
  if (network) cleanUp.push(() => network.remove())
  const cluster = network ? TestEtcd.startAt(network.places) : await TestEtcd.start(3)
  cleanUp.push(() => cluster.remove())
  const stores = Array.from({ length: clientCount }, (_, client) => connect(cluster, client))
  const started = await stores[0]!.currentRevision()

  const watches = stores.slice(0, 3).map((store) => new WatchRecorder(store, { key: "k", rangeEnd: "l" }))
  await Promise.all(watches.map((watch) => watch.started))
  const recording = recordHistory({
    stores,
    clock: realClock,
    random: new SeededRandom("cluster"),
    keys: ["k1", "k2", "k3", "k4"],
    pause: () => wait(15),
  })
  await clientsGoOn(recording)
  // The leader each time: what it had not told the others yet is what could be lost. An election takes a second or two.
  const killed = await cluster.leader()
  await cluster.kill(killed)
  await clientsGoOn(recording)
  cluster.startMember(killed)
  await clientsGoOn(recording)
  if (network) {
    const cutOff = cluster.members.indexOf(await cluster.leader())
    network.cutOff(cutOff)
    await clientsGoOn(recording)
    network.heal(cutOff)
    await clientsGoOn(recording)
  }
  const history = await recording.stop()
  expect(checkHistory(history)).toEqual({ linearizable: true })

  const revision = await stores[0]!.currentRevision()
  const replay = new WatchRecorder(stores[0]!, { key: "k", rangeEnd: "l", startRevision: started + 1 })
  await replay.until(revision)
  // What nobody had an answer to may be carried out later still: it is after that revision, and may be seen by one and not another.
  const seenBy = ({ events }: WatchRecorder) => events.filter(({ kv }) => kv.modRevision <= revision)
  expect(seenBy(replay).length).toBeGreaterThan(100)
  for (const watch of watches) {
    await watch.until(revision)
    expect(watch.error).toBeUndefined()
    expect(seenBy(watch)).toEqual(seenBy(replay))
  }
})
