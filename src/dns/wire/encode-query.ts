import { classInternet, flags, headerLength } from "./constants.ts"
import { parseQuery, type Query } from "./query.ts"

/** A question of our own, as message and as what `parseQuery` makes of it. */
export function encodeQuery(name: string, type: number): { message: Buffer; query: Query } {
  const labels = name.split(".").filter(Boolean)
  const length = labels.reduce((sum, label) => sum + label.length + 1, 1)
  const message = Buffer.alloc(headerLength + length + 4)
  message.writeUInt16BE(flags.recursionDesired, 2)
  message.writeUInt16BE(1, 4)
  let offset = headerLength
  for (const label of labels) {
    message[offset] = label.length
    message.write(label, offset + 1, "latin1")
    offset += label.length + 1
  }
  message.writeUInt16BE(type, offset + 1)
  message.writeUInt16BE(classInternet, offset + 3)
  const query = parseQuery(message)
  if (!("question" in query)) throw new Error(`${JSON.stringify(name)} is no domain name`)
  return { message, query }
}
