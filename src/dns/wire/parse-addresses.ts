import { formatIp } from "../../base/ip-address.ts"
import type { DnsRecord } from "./answer.ts"
import { headerLength, types } from "./constants.ts"

/** Addresses and aliases from the answer section of another server's message; what is malformed is left out. */
export function parseAddresses(message: Buffer): DnsRecord[] {
  const records: DnsRecord[] = []
  let offset = headerLength
  for (let question = message.readUInt16BE(4); question > 0; question--) {
    const name = readName(message, offset)
    if (!name) return records
    offset = name.end + 4
  }
  for (let count = message.readUInt16BE(6); count > 0; count--) {
    const name = readName(message, offset)
    if (!name || name.end + 10 > message.length) return records
    const ttlSeconds = message.readUInt32BE(name.end + 4)
    const start = name.end + 10
    const end = start + message.readUInt16BE(name.end + 8)
    if (end > message.length) return records
    const data = readData(message, message.readUInt16BE(name.end), start, end)
    if (data) records.push({ name: name.text, ttlSeconds, ...data })
    offset = end
  }
  return records
}

type AddressData =
  | { type: "A"; address: string }
  | { type: "AAAA"; address: string }
  | { type: "CNAME"; target: string }

function readData(message: Buffer, type: number, start: number, end: number): AddressData | undefined {
  const data = message.subarray(start, end)
  if (type === types.A && data.length === 4)
    return { type: "A", address: formatIp({ family: 4, value: BigInt(data.readUInt32BE(0)) }) }
  if (type === types.AAAA && data.length === 16)
    return { type: "AAAA", address: formatIp({ family: 6, value: BigInt(`0x${data.toString("hex")}`) }) }
  const target = type === types.CNAME ? readName(message, start)?.text : undefined
  return target === undefined ? undefined : { type: "CNAME", target }
}

/** A name that may end in a pointer; pointers only lead back, so reading ends. */
function readName(message: Buffer, start: number): { text: string; end: number } | undefined {
  const labels: string[] = []
  let offset = start
  let end: number | undefined
  for (;;) {
    const length = message[offset]
    if (length === undefined) return undefined
    if (length === 0) return { text: labels.join("."), end: end ?? offset + 1 }
    if (length >= 0xc0) {
      if (offset + 1 >= message.length) return undefined
      end ??= offset + 2
      const target = message.readUInt16BE(offset) & 0x3fff
      if (target >= offset) return undefined
      offset = target
    } else {
      labels.push(message.toString("latin1", offset + 1, offset + 1 + length).toLowerCase())
      offset += length + 1
    }
  }
}
