import { assertNever } from "../../base/assert-never.ts"
import type { JournalRecord } from "../mvcc/journal.ts"
import type { KeyValue, StoreEvent } from "../store.ts"
import { ByteReader, type ByteWriter } from "./bytes.ts"

/** What stands in a base file: the revision, every key as of then, the leases (as "grant"), and how many they were. */
export type BaseRecord =
  /** `nextSequence`: of the first frame in the log that follows. */
  | { readonly type: "base"; readonly revision: number; readonly nextSequence: number }
  | { readonly type: "key"; readonly kv: KeyValue }
  | { readonly type: "end"; readonly keys: number; readonly leases: number }

export type StoredRecord = JournalRecord | BaseRecord

// These numbers are on people's disks: they never change their meaning.
const tags = { events: 1, revocation: 2, grant: 3, compact: 4, base: 5, key: 6, end: 7, alarm: 8 } as const

export function writeRecord(writer: ByteWriter, record: StoredRecord): void {
  switch (record.type) {
    case "events":
      writer.byte(record.revokedLease === undefined ? tags.events : tags.revocation)
      if (record.revokedLease !== undefined) writer.id(record.revokedLease)
      writer.number(record.revision)
      writer.number(record.events.length)
      for (const event of record.events) writeEvent(writer, event)
      return
    case "grant":
      writer.byte(tags.grant)
      writer.id(record.id)
      writer.number(record.ttlSeconds)
      return
    case "compact":
      writer.byte(tags.compact)
      writer.number(record.revision)
      return
    case "alarm":
      writer.byte(tags.alarm)
      writer.byte(record.raised ? 1 : 0)
      return
    case "base":
      writer.byte(tags.base)
      writer.number(record.revision)
      writer.number(record.nextSequence)
      return
    case "key":
      writer.byte(tags.key)
      writer.number(record.kv.modRevision)
      writeKeyValue(writer, record.kv)
      return
    case "end":
      writer.byte(tags.end)
      writer.number(record.keys)
      writer.number(record.leases)
      return
    default:
      assertNever(record)
  }
}

function readRecord(reader: ByteReader): StoredRecord {
  const tag = reader.byte()
  switch (tag) {
    case tags.events:
      return { type: "events", ...readEvents(reader) }
    case tags.revocation:
      return { type: "events", revokedLease: reader.id(), ...readEvents(reader) }
    case tags.grant:
      return { type: "grant", id: reader.id(), ttlSeconds: reader.number() }
    case tags.compact:
      return { type: "compact", revision: reader.number() }
    case tags.alarm:
      return { type: "alarm", raised: reader.byte() === 1 }
    case tags.base:
      return { type: "base", revision: reader.number(), nextSequence: reader.number() }
    case tags.key:
      return { type: "key", kv: readKeyValue(reader, reader.number()) }
    case tags.end:
      return { type: "end", keys: reader.number(), leases: reader.number() }
    default:
      throw new RangeError(`there is no record of type ${tag}`)
  }
}

/** Calls `visit` with each record of a frame. Throws RangeError where the bytes are no record. */
export function readRecords(content: Buffer, visit: (record: StoredRecord) => void): void {
  const reader = new ByteReader(content)
  while (!reader.atEnd) visit(readRecord(reader))
}

function readEvents(reader: ByteReader): { revision: number; events: StoreEvent[] } {
  const revision = reader.number()
  const events: StoreEvent[] = []
  for (let count = reader.number(); count > 0; count--) events.push(readEvent(reader, revision))
  return { revision, events }
}

function writeEvent(writer: ByteWriter, { type, kv }: StoreEvent): void {
  if (type === "put") {
    writer.byte(1)
    writeKeyValue(writer, kv)
  } else {
    writer.byte(0)
    writer.text(kv.key)
  }
}

const noBytes = new Uint8Array(0)

function readEvent(reader: ByteReader, modRevision: number): StoreEvent {
  if (reader.byte() === 1) return { type: "put", kv: readKeyValue(reader, modRevision) }
  const key = reader.text()
  return {
    type: "delete",
    kv: { key, value: noBytes, createRevision: 0, modRevision, version: 0, lease: 0n },
  }
}

function writeKeyValue(writer: ByteWriter, kv: KeyValue): void {
  writer.text(kv.key)
  writer.number(kv.createRevision)
  // One number for the version and whether a lease follows: nearly always there is none.
  writer.number(kv.version * 2 + (kv.lease === 0n ? 0 : 1))
  if (kv.lease !== 0n) writer.id(kv.lease)
  writer.bytes(kv.value)
}

function readKeyValue(reader: ByteReader, modRevision: number): KeyValue {
  const key = reader.text()
  const createRevision = reader.number()
  const versionAndLease = reader.number()
  const lease = versionAndLease % 2 === 1 ? reader.id() : 0n
  const value = reader.bytes()
  return { key, value, createRevision, modRevision, version: Math.floor(versionAndLease / 2), lease }
}
