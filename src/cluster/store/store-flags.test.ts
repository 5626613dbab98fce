import { expect, test } from "vitest"
import { parseFlags } from "../../base/flags.ts"
import { parseStoreOptions, storeFlags, usualStore } from "./store-flags.ts"

function parse(line: string) {
  const { values, given } = parseFlags(line.split(" ").filter(Boolean), storeFlags)
  return parseStoreOptions(values, given)
}

test("without flags the state is on disk, with an hour of history", () => {
  expect(parse("")).toEqual(usualStore)
})

test("an etcd, with certificates and a prefix", () => {
  const files = "--etcd-cafile ca --etcd-certfile cert --etcd-keyfile key"
  expect(parse(`--etcd https://a:2379,https://b:2379/ --etcd-prefix shared/one/ ${files}`)).toMatchObject({
    etcd: ["https://a:2379", "https://b:2379"],
    prefix: "/shared/one",
    tls: { authority: "ca", certificate: "cert", key: "key" },
    // Two turns of compaction, as upstream's.
    historyMs: 600_000,
  })
  expect(parse("--etcd http://a:2379 --history 30m").historyMs).toBe(1_800_000)
})

test("a backup", () => {
  const usual = { file: "f", readOnly: false, controllers: false }
  expect(parse("--from-snapshot f").snapshot).toEqual(usual)
  expect(parse("--from-snapshot f --read-only").snapshot).toEqual({ ...usual, readOnly: true })
  expect(parse("--from-snapshot f --with-controllers").snapshot).toEqual({ ...usual, controllers: true })
})

test.each([
  ["--etcd a:2379", "expected URLs such as https://10.0.0.5:2379"],
  ["--etcd http://a:2379 --etcd-cafile ca", "certificates are for https:// only"],
  ["--etcd https://a:2379 --etcd-certfile c", "--etcd-certfile and --etcd-keyfile belong together"],
  ["--etcd https://a:2379 --history-bytes 5", "--history-bytes means nothing with --etcd"],
  ["--etcd https://a:2379 --listen-etcd 127.0.0.1:2379", "--listen-etcd means nothing with --etcd"],
  ["--etcd-prefix /x", "--etcd-prefix means nothing without --etcd or --from-snapshot"],
  ["--etcd-cafile ca", "--etcd-cafile means nothing without --etcd"],
  ["--storage-media-type yaml", "supported are application/json and application/vnd.kubernetes.protobuf"],
  ["--history 5s", "at least 1m"],
  ["--history-bytes -1", "--history-bytes must be positive"],
  ["--listen-etcd 127.0.0.1:0", "name the port"],
  ["--read-only", "--read-only means nothing without --from-snapshot"],
  ["--from-snapshot f --etcd https://a:1", "--etcd means nothing with --from-snapshot"],
  ["--from-snapshot f --read-only --with-controllers", "do not go together"],
])("%s is refused", (line, why) => {
  expect(() => parse(line)).toThrow(why)
})
