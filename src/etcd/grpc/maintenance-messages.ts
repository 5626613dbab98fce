/** etcd's v3 API on the wire: maintenance, and who is in the cluster. */
import {
  bigInteger,
  bool,
  bytes,
  enumOf,
  integer,
  message,
  repeated,
  string,
  unsigned,
} from "../../base/protobuf.ts"
import { ResponseHeader } from "./kv-messages.ts"

export interface Alarm {
  memberId: bigint
  alarm: "NONE" | "NOSPACE" | "CORRUPT"
}
const alarmType = enumOf({ NONE: 0, NOSPACE: 1, CORRUPT: 2 })
export const Alarm = message<Alarm>({ memberId: [1, bigInteger], alarm: [2, alarmType] })

export interface AlarmRequest {
  action: "GET" | "ACTIVATE" | "DEACTIVATE"
  memberId: bigint
  alarm: Alarm["alarm"]
}
export const AlarmRequest = message<AlarmRequest>({
  action: [1, enumOf({ GET: 0, ACTIVATE: 1, DEACTIVATE: 2 })],
  memberId: [2, bigInteger],
  alarm: [3, alarmType],
})

export interface AlarmResponse {
  header?: ResponseHeader | undefined
  alarms: Alarm[]
}
export const AlarmResponse = message<AlarmResponse>({
  header: [1, ResponseHeader],
  alarms: [2, repeated(Alarm)],
})

export interface StatusResponse {
  header?: ResponseHeader | undefined
  version: string
  dbSize: number
  leader: bigint
  raftIndex: number
  raftTerm: number
  raftAppliedIndex: number
  errors: string[]
  dbSizeInUse: number
  isLearner: boolean
}
export const StatusResponse = message<StatusResponse>({
  header: [1, ResponseHeader],
  version: [2, string],
  dbSize: [3, integer],
  leader: [4, bigInteger],
  raftIndex: [5, unsigned],
  raftTerm: [6, unsigned],
  raftAppliedIndex: [7, unsigned],
  errors: [8, repeated(string)],
  dbSizeInUse: [9, integer],
  isLearner: [10, bool],
})

export interface HashResponse {
  header?: ResponseHeader | undefined
  hash: number
}
export const HashResponse = message<HashResponse>({ header: [1, ResponseHeader], hash: [2, unsigned] })

export interface HashKvRequest {
  revision: number
}
export const HashKvRequest = message<HashKvRequest>({ revision: [1, integer] })

export interface HashKvResponse {
  header?: ResponseHeader | undefined
  hash: number
  compactRevision: number
  hashRevision: number
}
export const HashKvResponse = message<HashKvResponse>({
  header: [1, ResponseHeader],
  hash: [2, unsigned],
  compactRevision: [3, integer],
  hashRevision: [4, integer],
})

export interface SnapshotResponse {
  header?: ResponseHeader | undefined
  remainingBytes: number
  blob: Uint8Array
}
export const SnapshotResponse = message<SnapshotResponse>({
  header: [1, ResponseHeader],
  remainingBytes: [2, unsigned],
  blob: [3, bytes],
})

export interface Member {
  id: bigint
  name: string
  peerUrls: string[]
  clientUrls: string[]
  isLearner: boolean
}
export const Member = message<Member>({
  id: [1, bigInteger],
  name: [2, string],
  peerUrls: [3, repeated(string)],
  clientUrls: [4, repeated(string)],
  isLearner: [5, bool],
})

export interface MemberListResponse {
  header?: ResponseHeader | undefined
  members: Member[]
}
export const MemberListResponse = message<MemberListResponse>({
  header: [1, ResponseHeader],
  members: [2, repeated(Member)],
})
