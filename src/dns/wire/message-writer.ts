import { parseIp } from "../../base/ip-address.ts"
import type { DnsRecord } from "./answer.ts"
import { classInternet, headerLength, types } from "./constants.ts"

/** The largest message there is: lengths are 16 bits. */
const capacity = 65_535
const dot = 0x2e
const zero = 0x30

/**
 * Writes one message at a time into one buffer. A name that was written before, or ends in one that was, is written as a
 * pointer to it (RFC 1035 4.1.4): three records of a Service take 48 bytes instead of 160.
 */
export class MessageWriter {
  readonly #buffer = Buffer.allocUnsafe(capacity)
  readonly #names = new Map<string, number>()
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Begins a message with room for the header and a copy of the question. */
  begin(question: Buffer, questionName: string): void {
    this.#names.clear()
    question.copy(this.#buffer, headerLength)
    this.#length = headerLength + question.length
    this.#remember(questionName, headerLength)
  }

  /** Writes a record; false, and nothing is written, when it would grow the message beyond `limit`. */
  record(record: DnsRecord, limit: number): boolean {
    const start = this.#length
    this.#name(record.name)
    this.#uint16(types[record.type])
    this.#uint16(classInternet)
    this.#uint32(record.ttlSeconds)
    const lengthAt = this.#length
    this.#length += 2
    this.#data(record)
    if (this.#length > limit || this.#length > capacity) {
      this.#forgetFrom(start)
      return false
    }
    this.#buffer.writeUInt16BE(this.#length - lengthAt - 2, lengthAt)
    return true
  }

  /** The pseudo record by which we say what we can take, with the upper bits of the code (RFC 6891). */
  edns(udpSize: number, extendedCode: number): void {
    this.#buffer[this.#length++] = 0
    this.#uint16(types.OPT)
    this.#uint16(udpSize)
    this.#uint32((extendedCode << 24) >>> 0)
    this.#uint16(0)
  }

  /** A copy of the message with this header. */
  finish(header: MessageHeader): Buffer {
    const buffer = this.#buffer
    buffer.writeUInt16BE(header.id, 0)
    buffer.writeUInt16BE(header.flags, 2)
    buffer.writeUInt16BE(header.questions, 4)
    buffer.writeUInt16BE(header.answers, 6)
    buffer.writeUInt16BE(header.authority, 8)
    buffer.writeUInt16BE(header.additional, 10)
    return Buffer.from(buffer.subarray(0, this.#length))
  }

  #data(record: DnsRecord): void {
    switch (record.type) {
      case "A":
        this.#ipv4(record.address)
        return
      case "AAAA":
        for (let shift = 96n; shift >= 0n; shift -= 32n)
          this.#uint32(Number((parseIp(record.address)!.value >> shift) & 0xffffffffn))
        return
      case "CNAME":
      case "NS":
      case "PTR":
        this.#name(record.target)
        return
      case "TXT":
        this.#text(record.text)
        return
      case "SRV":
        this.#uint16(record.priority)
        this.#uint16(record.weight)
        this.#uint16(record.port)
        // Written out in full: RFC 2782 forbids pointers here.
        this.#name(record.target, false)
        return
      case "SOA":
        this.#name(record.primary)
        this.#name(record.mailbox)
        this.#uint32(record.serial)
        this.#uint32(record.refreshSeconds)
        this.#uint32(record.retrySeconds)
        this.#uint32(record.expireSeconds)
        this.#uint32(record.minimumSeconds)
    }
  }

  #name(name: string, compress = true): void {
    let rest = name
    while (rest !== "") {
      const known = compress ? this.#names.get(rest) : undefined
      if (known !== undefined) {
        this.#uint16(0xc000 | known)
        return
      }
      if (this.#length < 0x4000 && !this.#names.has(rest)) this.#names.set(rest, this.#length)
      const end = rest.indexOf(".")
      this.#text(end < 0 ? rest : rest.slice(0, end))
      rest = end < 0 ? "" : rest.slice(end + 1)
    }
    this.#buffer[this.#length++] = 0
  }

  /** Text of at most 255 bytes after its length. */
  #text(text: string): void {
    const written = this.#buffer.write(text, this.#length + 1, 255, "latin1")
    this.#buffer[this.#length] = written
    this.#length += written + 1
  }

  /** "10.96.0.1"; it was checked before it became an address of an object. */
  #ipv4(text: string): void {
    let byte = 0
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code === dot) {
        this.#buffer[this.#length++] = byte
        byte = 0
      } else byte = byte * 10 + code - zero
    }
    this.#buffer[this.#length++] = byte
  }

  #uint16(value: number): void {
    this.#buffer[this.#length++] = value >>> 8
    this.#buffer[this.#length++] = value & 255
  }

  #uint32(value: number): void {
    this.#uint16(value >>> 16)
    this.#uint16(value & 0xffff)
  }

  /** Notes where the name and everything that it ends in begin. */
  #remember(name: string, at: number): void {
    let offset = at
    for (let rest = name; rest !== ""; ) {
      this.#names.set(rest, offset)
      const end = rest.indexOf(".")
      if (end < 0) return
      offset += end + 1
      rest = rest.slice(end + 1)
    }
  }

  #forgetFrom(start: number): void {
    for (const [name, offset] of this.#names) if (offset >= start) this.#names.delete(name)
    this.#length = start
  }
}

export interface MessageHeader {
  readonly id: number
  readonly flags: number
  readonly questions: number
  readonly answers: number
  readonly authority: number
  readonly additional: number
}
