/** The real etcdctl (Debian's `etcd-client`) against a store of ours. */
import { execFile, spawn, spawnSync } from "node:child_process"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { realClock } from "../../base/real/clock.ts"
import { createMemoryStore, type MemoryStore } from "../memory/memory-store.ts"
import { createEtcdServer, type EtcdServer } from "./etcd-server.ts"

const hasEtcdctl = spawnSync("etcdctl", ["version"]).status === 0
if (!hasEtcdctl) console.log("skipped: etcdctl is not installed (Debian: apt-get install etcd-client)")

describe.skipIf(!hasEtcdctl)("etcdctl", () => {
  let store: MemoryStore
  let server: EtcdServer
  let endpoint: string

  beforeAll(async () => {
    store = createMemoryStore({ clock: realClock })
    server = createEtcdServer({ store, clock: realClock })
    // Without a scheme, as is etcdctl's default: 3.4 otherwise sends the URL as the host of some requests.
    endpoint = (await server.listen(0, "127.0.0.1")).replace("http://", "")
  })
  afterAll(async () => {
    await server.close()
    await store.close()
  })

  const environment = { ...process.env, ETCDCTL_API: "3" }

  /** What it prints; its complaint if it fails. */
  function etcdctl(args: string, input = ""): Promise<string> {
    return new Promise((resolve) => {
      const all = [
        `--endpoints=${endpoint}`,
        ...args
          .split(" ")
          .filter(Boolean)
          .map((word) => word.replaceAll("_", " ")),
      ]
      const child = execFile("etcdctl", all, { env: environment }, (error, stdout, stderr) =>
        resolve(error === null ? (stdout || stderr).trim() : stderr.trim().split("\n").at(-1)!),
      )
      child.stdin?.end(input)
    })
  }

  test("puts, gets and deletes", async () => {
    expect(await etcdctl("put name first")).toBe("OK")
    expect(await etcdctl("put name second --prev-kv")).toBe("OK\nname\nfirst")
    expect(await etcdctl("get name")).toBe("name\nsecond")
    expect(await etcdctl("put other x")).toBe("OK")
    expect(await etcdctl("get --prefix --keys-only n")).toBe("name")
    expect(await etcdctl("get --from-key n --order=DESCEND --print-value-only")).toBe("x\nsecond")
    expect(await etcdctl("get --from-key n --sort-by=VERSION --limit=1")).toBe("other\nx")
    const { kvs, count } = JSON.parse(await etcdctl("get name -w json")) as Record<string, unknown>
    expect({ kvs, count }).toMatchObject({
      kvs: [{ key: "bmFtZQ==", value: "c2Vjb25k", version: 2 }],
      count: 1,
    })
    expect(await etcdctl("del other --prev-kv")).toBe("1\nother\nx")
    expect(await etcdctl("put --ignore-value name")).toBe("OK")
    expect(await etcdctl("get name")).toBe("name\nsecond")
    expect(await etcdctl("put --ignore-value missing")).toBe("Error: etcdserver: key not found")
  })

  test("transactions", async () => {
    await etcdctl("put counter 1")
    const swap =
      'value("counter") = "1"\nversion("none") = "0"\n\nput counter 2\nget counter\n\nget counter\n\n'
    expect(await etcdctl("txn", swap)).toBe("SUCCESS\n\nOK\n\ncounter\n2")
    expect(await etcdctl("txn", swap)).toBe("FAILURE\n\ncounter\n2")
    expect(await etcdctl("txn", 'mod("counter") > "0"\n\nput twice 1\nput twice 2\n\n\n')).toBe(
      "Error: etcdserver: duplicate key given in txn request",
    )
  })

  test("watches, from the past and from now on", async () => {
    await etcdctl("put watched past")
    const revision = await store.currentRevision()
    const child = spawn(
      "etcdctl",
      [`--endpoints=${endpoint}`, "watch", "watched", `--rev=${revision}`, "--prev-kv"],
      {
        env: environment,
      },
    )
    let output = ""
    const has = (text: string) =>
      new Promise<void>((resolve) => {
        const check = () => (output.includes(text) ? resolve() : undefined)
        child.stdout.on("data", (chunk: Buffer) => {
          output += chunk.toString()
          check()
        })
        check()
      })
    await has("past")
    await etcdctl("put watched present")
    await etcdctl("del watched")
    await has("DELETE\nwatched\npresent")
    child.kill()
    expect(output).toContain("PUT\nwatched\npast\nPUT\nwatched\npast\nwatched\npresent\nDELETE")
  })

  test("leases", async () => {
    const id = /lease (\w+) granted with TTL\(60s\)/.exec(await etcdctl("lease grant 60"))![1]
    await etcdctl(`put leased x --lease=${id}`)
    expect(await etcdctl(`lease timetolive ${id} --keys`)).toMatch(
      /granted with TTL\(60s\), .*attached keys\(\[leased\]\)/,
    )
    expect(await etcdctl(`lease keep-alive --once ${id}`)).toBe(`lease ${id} keepalived with TTL(60)`)
    expect(await etcdctl("lease list")).toContain(id)
    expect(await etcdctl(`lease revoke ${id}`)).toBe(`lease ${id} revoked`)
    expect(await etcdctl("get leased")).toBe("")
    expect(await etcdctl(`lease timetolive ${id}`)).toBe(`lease ${id} already expired`)
    expect(await etcdctl(`lease revoke ${id}`)).toContain("etcdserver: requested lease not found")
  })

  test("compaction", async () => {
    await etcdctl("put key old")
    await etcdctl("put key new")
    const revision = await store.currentRevision()
    expect(await etcdctl(`compaction ${revision}`)).toBe(`compacted revision ${revision}`)
    const gone = "Error: etcdserver: mvcc: required revision has been compacted"
    expect(await etcdctl(`compaction ${revision}`)).toBe(gone)
    expect(await etcdctl(`get key --rev=${revision - 1}`)).toBe(gone)
    expect(await etcdctl("get key --rev=9999")).toBe(
      "Error: etcdserver: mvcc: required revision is a future revision",
    )
    expect(await etcdctl(`watch key --rev=${revision - 1}`)).toBe("Error: watch is canceled by the server")
  })

  test("status, health, members, alarms, hash, defragmentation", async () => {
    const revision = await store.currentRevision()
    const [status] = JSON.parse(await etcdctl("endpoint status -w json")) as [Record<string, object>]
    expect(status["Status"]).toMatchObject({ header: { revision }, leader: 0xc04ac1e })
    expect(await etcdctl("endpoint health")).toContain("is healthy")
    expect(await etcdctl("member list")).toMatch(
      /^c04ac1e, started, coracle, , http:\/\/127.0.0.1:\d+, false$/,
    )
    expect(await etcdctl("alarm list")).toBe("")
    expect(await etcdctl("endpoint hashkv")).toBe(`${endpoint}, ${store.hash().hash}`)
    expect(await etcdctl("defrag")).toContain("Finished defragmenting")
  })

  test("a store without space: the alarm is told, stays, and is disarmed", async () => {
    await store.setAlarm(true)
    const alarm = "memberID:201632798 alarm:NOSPACE"
    expect(await etcdctl("alarm list")).toBe(alarm)
    expect(await etcdctl("put more x")).toBe("Error: etcdserver: mvcc: database space exceeded")
    expect(await etcdctl("lease grant 10")).toContain("etcdserver: mvcc: database space exceeded")
    expect(await etcdctl("get name")).toBe("name\nsecond")
    expect(await etcdctl("del watched")).toMatch(/^\d$/)
    const [status] = JSON.parse(await etcdctl("endpoint status -w json")) as [
      { Status: { errors: string[] } },
    ]
    expect(status.Status.errors).toEqual([`${alarm} `])
    expect(await etcdctl("alarm disarm")).toBe(alarm)
    expect(await etcdctl("alarm list")).toBe("")
    expect(await etcdctl("put more x")).toBe("OK")
  })

  // It takes a minute. Whether the machine is quick enough is not what is tested.
  test.skipIf(!process.env["CORACLE_LONG_TESTS"])("the performance check goes through", async () => {
    expect(await etcdctl("check perf --load=s")).toMatch(/Throughput (is|too low: only) \d+ writes\/s/)
  })

  test("what a single store cannot do is refused by name", async () => {
    expect(await etcdctl("auth enable")).toContain("not supported: authentication")
    expect(await etcdctl("user list")).toContain("not supported: authentication")
    expect(await etcdctl("member add b --peer-urls=http://127.0.0.1:1")).toContain(
      "not supported: changing members",
    )
    expect(await etcdctl("move-leader c04ac1f")).toContain("there is one member")
  })
})
