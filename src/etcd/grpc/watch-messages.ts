/** etcd's v3 API on the wire: watches and leases. */
import {
  bigInteger,
  binaryString,
  bool,
  enumOf,
  integer,
  message,
  repeated,
  string,
} from "../../base/protobuf.ts"
import { KeyValueMessage, Nothing, ResponseHeader } from "./kv-messages.ts"

export interface WatchCreateRequest {
  key: string
  rangeEnd: string
  startRevision: number
  progressNotify: boolean
  filters: ("NOPUT" | "NODELETE")[]
  prevKv: boolean
  watchId: number
  fragment: boolean
}
export const WatchCreateRequest = message<WatchCreateRequest>({
  key: [1, binaryString],
  rangeEnd: [2, binaryString],
  startRevision: [3, integer],
  progressNotify: [4, bool],
  filters: [5, repeated(enumOf({ NOPUT: 0, NODELETE: 1 }))],
  prevKv: [6, bool],
  watchId: [7, integer],
  fragment: [8, bool],
})

export interface WatchCancelRequest {
  watchId: number
}
export const WatchCancelRequest = message<WatchCancelRequest>({ watchId: [1, integer] })

/** One of its fields is set. */
export interface WatchRequestMessage {
  create?: WatchCreateRequest | undefined
  cancel?: WatchCancelRequest | undefined
  progress?: Nothing | undefined
}
export const WatchRequestMessage = message<WatchRequestMessage>({
  create: [1, WatchCreateRequest],
  cancel: [2, WatchCancelRequest],
  progress: [3, Nothing],
})

export interface EventMessage {
  type: "PUT" | "DELETE"
  kv?: KeyValueMessage | undefined
  prevKv?: KeyValueMessage | undefined
}
export const EventMessage = message<EventMessage>({
  type: [1, enumOf({ PUT: 0, DELETE: 1 })],
  kv: [2, KeyValueMessage],
  prevKv: [3, KeyValueMessage],
})

export interface WatchResponseMessage {
  header?: ResponseHeader | undefined
  watchId: number
  created: boolean
  canceled: boolean
  compactRevision: number
  cancelReason: string
  fragment: boolean
  events: EventMessage[]
}
export const WatchResponseMessage = message<WatchResponseMessage>({
  header: [1, ResponseHeader],
  watchId: [2, integer],
  created: [3, bool],
  canceled: [4, bool],
  compactRevision: [5, integer],
  cancelReason: [6, string],
  fragment: [7, bool],
  events: [11, repeated(EventMessage)],
})

export interface LeaseGrantRequest {
  ttl: number
  id: bigint
}
export const LeaseGrantRequest = message<LeaseGrantRequest>({ ttl: [1, integer], id: [2, bigInteger] })

/** Of a grant and of a renewal. */
export interface LeaseResponse {
  header?: ResponseHeader | undefined
  id: bigint
  ttl: number
}
export const LeaseResponse = message<LeaseResponse>({
  header: [1, ResponseHeader],
  id: [2, bigInteger],
  ttl: [3, integer],
})

/** Of a revocation and of a renewal; also how a lease stands in a list. */
export interface LeaseId {
  id: bigint
}
export const LeaseId = message<LeaseId>({ id: [1, bigInteger] })

export interface LeaseTimeToLiveRequest {
  id: bigint
  keys: boolean
}
export const LeaseTimeToLiveRequest = message<LeaseTimeToLiveRequest>({
  id: [1, bigInteger],
  keys: [2, bool],
})

export interface LeaseTimeToLiveResponse {
  header?: ResponseHeader | undefined
  id: bigint
  ttl: number
  grantedTtl: number
  keys: string[]
}
export const LeaseTimeToLiveResponse = message<LeaseTimeToLiveResponse>({
  header: [1, ResponseHeader],
  id: [2, bigInteger],
  ttl: [3, integer],
  grantedTtl: [4, integer],
  keys: [5, repeated(binaryString)],
})

export interface LeaseLeasesResponse {
  header?: ResponseHeader | undefined
  leases: LeaseId[]
}
export const LeaseLeasesResponse = message<LeaseLeasesResponse>({
  header: [1, ResponseHeader],
  leases: [2, repeated(LeaseId)],
})
