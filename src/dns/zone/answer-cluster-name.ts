import { ipFamily } from "../../base/ip-address.ts"
import type { Answer, DnsRecord } from "../wire/answer.ts"
import { codes, types } from "../wire/constants.ts"
import type { ClusterView } from "./cluster-view.ts"
import { type Found, findInZone, namesOfAddress } from "./find-in-zone.ts"
import { addressOfReverseName } from "./reverse-name.ts"
import type { ZoneSettings } from "./zone-settings.ts"

/** "No" is not remembered for long: a Service that is about to be created is often asked for before it is there. */
const negativeTtlSeconds = 5

/**
 * The names of the cluster, by the specification 1.1.0 (https://github.com/kubernetes/dns/blob/master/docs/specification.md)
 * and where that is silent as CoreDNS answers:
 *
 *     dns-version.<zone>                          TXT
 *     <service>.<namespace>.svc.<zone>            A, AAAA: cluster IPs, or all ready endpoints of a headless Service
 *     <endpoint>.<service>.<namespace>.svc.<zone> A, AAAA: one endpoint, by its hostname or its address with dashes
 *     _<port>._<protocol>.<service>. ...          SRV
 *     <a-b-c-d>.<namespace>.pod.<zone>            A, AAAA: the address itself
 *
 * "No such name" and "no such record" are different answers: only after the first does a resolver try the next suffix of
 * its search path, and some never ask for A again after "no such name" to AAAA.
 *
 * Gives the answer to a name in the zone, or below in-addr.arpa; undefined when it is not ours to answer.
 */
export function answerClusterName(
  name: string,
  type: number,
  view: ClusterView,
  settings: ZoneSettings,
): Answer | undefined {
  const { zone } = settings
  if (name === zone) return answerApex(type, settings)
  if (name.endsWith(`.${zone}`)) {
    const labels = name.slice(0, -zone.length - 1).split(".")
    const found = findInZone(labels, view, settings)
    return found ? reply(name, type, found, settings) : noSuchName(settings)
  }
  const address = addressOfReverseName(name)
  const targets = address === undefined ? [] : namesOfAddress(address, view, settings)
  return targets.length === 0
    ? undefined
    : reply(
        name,
        type,
        targets.map((target) => ({ data: { type: "PTR", target } })),
        settings,
      )
}

/** Records of the type that was asked for, or the fact that there are none of it. */
function reply(name: string, type: number, found: readonly Found[], settings: ZoneSettings): Answer {
  const { ttlSeconds } = settings
  const alias = found.find(({ data }) => data?.type === "CNAME")?.data
  if (alias) return authoritative([{ name, ttlSeconds, ...alias }])
  const records: DnsRecord[] = []
  const additional: DnsRecord[] = []
  if (type === types.SRV) serviceRecords(name, found, ttlSeconds, records, additional)
  else if (type === types.A || type === types.AAAA)
    records.push(...addressRecords(name, found, type, ttlSeconds))
  else
    for (const { data, ...own } of found)
      if (data && types[data.type] === type)
        records.push({ name, ttlSeconds: own.ttlSeconds ?? ttlSeconds, ...data })
  return records.length > 0 ? authoritative(records, additional) : noSuchRecord(settings)
}

function addressRecords(
  name: string,
  found: readonly Found[],
  type: number,
  ttlSeconds: number,
): DnsRecord[] {
  const family = type === types.A ? 4 : 6
  const addresses = new Set(found.flatMap(({ address }) => address ?? []))
  return Array.from(addresses)
    .filter((address) => ipFamily(address) === family)
    .map((address) => ({ name, ttlSeconds, type: family === 4 ? "A" : "AAAA", address }))
}

/** An SRV record for each target and port, all of the same share, and the targets' addresses to save a question. */
function serviceRecords(
  name: string,
  found: readonly Found[],
  ttlSeconds: number,
  records: DnsRecord[],
  additional: DnsRecord[],
): void {
  const targets = new Map<string, { host: string; port: number }>()
  for (const { host, port } of found)
    if (host !== undefined && port !== undefined) targets.set(`${host} ${port}`, { host, port })
  const weight = Math.max(Math.floor(100 / targets.size), 1)
  for (const { host, port } of targets.values())
    records.push({ name, ttlSeconds, type: "SRV", priority: 0, weight, port, target: host })
  const seen = new Set<string>()
  for (const { host, address } of found) {
    if (host === undefined || address === undefined || seen.has(`${host} ${address}`)) continue
    seen.add(`${host} ${address}`)
    additional.push({ name: host, ttlSeconds, type: ipFamily(address) === 4 ? "A" : "AAAA", address })
  }
}

function answerApex(type: number, settings: ZoneSettings): Answer {
  const { zone, ttlSeconds, serverAddresses } = settings
  if (type === types.SOA) return authoritative([startOfAuthority(settings)])
  if (type !== types.NS) return noSuchRecord(settings)
  const target = `ns.dns.${zone}`
  const additional = serverAddresses.map(
    (address): DnsRecord => ({
      name: target,
      ttlSeconds,
      type: ipFamily(address) === 4 ? "A" : "AAAA",
      address,
    }),
  )
  return authoritative([{ name: zone, ttlSeconds, type: "NS", target }], additional)
}

function authoritative(answers: readonly DnsRecord[], additional: readonly DnsRecord[] = []): Answer {
  return { code: codes.noError, authoritative: true, answers, authority: [], additional }
}

/** The record that says whose "no" it is also says for how long (RFC 2308). */
function noSuchRecord(settings: ZoneSettings): Answer {
  const authority = [
    { ...startOfAuthority(settings), ttlSeconds: Math.min(settings.ttlSeconds, negativeTtlSeconds) },
  ]
  return { code: codes.noError, authoritative: true, answers: [], authority, additional: [] }
}

function noSuchName(settings: ZoneSettings): Answer {
  return { ...noSuchRecord(settings), code: codes.nameError }
}

function startOfAuthority({ zone, ttlSeconds, serial }: ZoneSettings): DnsRecord {
  return {
    name: zone,
    ttlSeconds,
    type: "SOA",
    primary: `ns.dns.${zone}`,
    mailbox: `hostmaster.${zone}`,
    serial,
    refreshSeconds: 7200,
    retrySeconds: 1800,
    expireSeconds: 86_400,
    minimumSeconds: negativeTtlSeconds,
  }
}
