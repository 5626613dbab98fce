/**
 * etcd's v3 API on the wire: keys, values, transactions. Field numbers are those of
 * https://github.com/etcd-io/etcd/blob/main/api/etcdserverpb/rpc.proto
 */
import {
  bigInteger,
  binaryString,
  bool,
  bytes,
  enumOf,
  integer,
  message,
  type MessageType,
  optional,
  repeated,
  unsigned,
} from "../../base/protobuf.ts"

export interface ResponseHeader {
  clusterId: bigint
  memberId: bigint
  revision: number
  raftTerm: number
}
export const ResponseHeader = message<ResponseHeader>({
  clusterId: [1, bigInteger],
  memberId: [2, bigInteger],
  revision: [3, integer],
  raftTerm: [4, unsigned],
})

export interface KeyValueMessage {
  key: string
  createRevision: number
  modRevision: number
  version: number
  value: Uint8Array
  lease: bigint
}
export const KeyValueMessage = message<KeyValueMessage>({
  key: [1, binaryString],
  createRevision: [2, integer],
  modRevision: [3, integer],
  version: [4, integer],
  value: [5, bytes],
  lease: [6, bigInteger],
})

export interface RangeRequestMessage {
  key: string
  rangeEnd: string
  limit: number
  revision: number
  sortOrder: "NONE" | "ASCEND" | "DESCEND"
  sortTarget: "KEY" | "VERSION" | "CREATE" | "MOD" | "VALUE"
  serializable: boolean
  keysOnly: boolean
  countOnly: boolean
  minModRevision: number
  maxModRevision: number
  minCreateRevision: number
  maxCreateRevision: number
}
export const RangeRequestMessage = message<RangeRequestMessage>({
  key: [1, binaryString],
  rangeEnd: [2, binaryString],
  limit: [3, integer],
  revision: [4, integer],
  sortOrder: [5, enumOf({ NONE: 0, ASCEND: 1, DESCEND: 2 })],
  sortTarget: [6, enumOf({ KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 })],
  serializable: [7, bool],
  keysOnly: [8, bool],
  countOnly: [9, bool],
  minModRevision: [10, integer],
  maxModRevision: [11, integer],
  minCreateRevision: [12, integer],
  maxCreateRevision: [13, integer],
})

export interface RangeResponseMessage {
  header?: ResponseHeader | undefined
  kvs: KeyValueMessage[]
  more: boolean
  count: number
}
export const RangeResponseMessage = message<RangeResponseMessage>({
  header: [1, ResponseHeader],
  kvs: [2, repeated(KeyValueMessage)],
  more: [3, bool],
  count: [4, integer],
})

export interface PutRequestMessage {
  key: string
  value: Uint8Array
  lease: bigint
  prevKv: boolean
  ignoreValue: boolean
  ignoreLease: boolean
}
export const PutRequestMessage = message<PutRequestMessage>({
  key: [1, binaryString],
  value: [2, bytes],
  lease: [3, bigInteger],
  prevKv: [4, bool],
  ignoreValue: [5, bool],
  ignoreLease: [6, bool],
})

export interface PutResponseMessage {
  header?: ResponseHeader | undefined
  prevKv?: KeyValueMessage | undefined
}
export const PutResponseMessage = message<PutResponseMessage>({
  header: [1, ResponseHeader],
  prevKv: [2, KeyValueMessage],
})

export interface DeleteRangeRequestMessage {
  key: string
  rangeEnd: string
  prevKv: boolean
}
export const DeleteRangeRequestMessage = message<DeleteRangeRequestMessage>({
  key: [1, binaryString],
  rangeEnd: [2, binaryString],
  prevKv: [3, bool],
})

export interface DeleteRangeResponseMessage {
  header?: ResponseHeader | undefined
  deleted: number
  prevKvs: KeyValueMessage[]
}
export const DeleteRangeResponseMessage = message<DeleteRangeResponseMessage>({
  header: [1, ResponseHeader],
  deleted: [2, integer],
  prevKvs: [3, repeated(KeyValueMessage)],
})

export interface CompareMessage {
  result: "EQUAL" | "GREATER" | "LESS" | "NOT_EQUAL"
  target: "VERSION" | "CREATE" | "MOD" | "VALUE" | "LEASE"
  key: string
  version?: number | undefined
  createRevision?: number | undefined
  modRevision?: number | undefined
  value?: Uint8Array | undefined
  lease?: bigint | undefined
  rangeEnd: string
}
export const CompareMessage = message<CompareMessage>({
  result: [1, enumOf({ EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 })],
  target: [2, enumOf({ VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 })],
  key: [3, binaryString],
  version: [4, optional(integer)],
  createRevision: [5, optional(integer)],
  modRevision: [6, optional(integer)],
  value: [7, optional(bytes)],
  lease: [8, optional(bigInteger)],
  rangeEnd: [64, binaryString],
})

/** One of its fields is set. */
export interface RequestOpMessage {
  range?: RangeRequestMessage | undefined
  put?: PutRequestMessage | undefined
  deleteRange?: DeleteRangeRequestMessage | undefined
  txn?: TxnRequestMessage | undefined
}
export const RequestOpMessage: MessageType<RequestOpMessage> = message<RequestOpMessage>(() => ({
  range: [1, RangeRequestMessage],
  put: [2, PutRequestMessage],
  deleteRange: [3, DeleteRangeRequestMessage],
  txn: [4, TxnRequestMessage],
}))

export interface ResponseOpMessage {
  range?: RangeResponseMessage | undefined
  put?: PutResponseMessage | undefined
  deleteRange?: DeleteRangeResponseMessage | undefined
  txn?: TxnResponseMessage | undefined
}
export const ResponseOpMessage: MessageType<ResponseOpMessage> = message<ResponseOpMessage>(() => ({
  range: [1, RangeResponseMessage],
  put: [2, PutResponseMessage],
  deleteRange: [3, DeleteRangeResponseMessage],
  txn: [4, TxnResponseMessage],
}))

export interface TxnRequestMessage {
  compare: CompareMessage[]
  success: RequestOpMessage[]
  failure: RequestOpMessage[]
}
export const TxnRequestMessage = message<TxnRequestMessage>({
  compare: [1, repeated(CompareMessage)],
  success: [2, repeated(RequestOpMessage)],
  failure: [3, repeated(RequestOpMessage)],
})

export interface TxnResponseMessage {
  header?: ResponseHeader | undefined
  succeeded: boolean
  responses: ResponseOpMessage[]
}
export const TxnResponseMessage = message<TxnResponseMessage>({
  header: [1, ResponseHeader],
  succeeded: [2, bool],
  responses: [3, repeated(ResponseOpMessage)],
})

export interface CompactionRequestMessage {
  revision: number
  physical: boolean
}
export const CompactionRequestMessage = message<CompactionRequestMessage>({
  revision: [1, integer],
  physical: [2, bool],
})

/** The many responses that are nothing but a header. */
export interface HeaderOnly {
  header?: ResponseHeader | undefined
}
export const HeaderOnly = message<HeaderOnly>({ header: [1, ResponseHeader] })

/** Requests without fields. */
export type Nothing = object
export const Nothing = message<Nothing>({})
