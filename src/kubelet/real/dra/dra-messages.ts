import { message, optional, repeated, string } from "../../../base/protobuf.ts"
import type { PreparedDevice } from "../../dra/plan-claims.ts"

// The interface of drivers for dynamic resource allocation (k8s.io/kubelet/pkg/apis/dra/v1, and v1beta1, which lacks only
// share ids); field numbers are facts of it.

/** As drivers name them when they register, and as calls name them. The first that a driver names is used. */
export const services: Readonly<Record<string, string>> = {
  "v1.DRAPlugin": "/k8s.io.kubelet.pkg.apis.dra.v1.DRAPlugin",
  "v1beta1.DRAPlugin": "/k8s.io.kubelet.pkg.apis.dra.v1beta1.DRAPlugin",
}

export interface Claim {
  namespace: string
  uid: string
  name: string
}
const Claim = message<Claim>({ namespace: [1, string], uid: [2, string], name: [3, string] })

export interface ClaimsRequest {
  claims: Claim[]
}
export const ClaimsRequest = message<ClaimsRequest>({ claims: [1, repeated(Claim)] })

const Device = message<Required<Mutable<Omit<PreparedDevice, "shareId">>> & { shareId?: string }>({
  requestNames: [1, repeated(string)],
  poolName: [2, string],
  deviceName: [3, string],
  cdiDeviceIds: [4, repeated(string)],
  shareId: [5, optional(string)],
})
type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] }

interface Prepared {
  devices: PreparedDevice[]
  error: string
}
const Prepared = message<Prepared>({ devices: [1, repeated(Device)], error: [2, string] })

interface Unprepared {
  error: string
}
const Unprepared = message<Unprepared>({ error: [1, string] })

/** Maps of messages travel as lists of entries; a claim's uid is the key. */
export interface Results<T> {
  claims: { uid: string; result?: T }[]
}
export const PrepareResponse = message<Results<Prepared>>({
  claims: [
    1,
    repeated(message<{ uid: string; result?: Prepared }>({ uid: [1, string], result: [2, Prepared] })),
  ],
})
export const UnprepareResponse = message<Results<Unprepared>>({
  claims: [
    1,
    repeated(message<{ uid: string; result?: Unprepared }>({ uid: [1, string], result: [2, Unprepared] })),
  ],
})
