import type { ResponseCode } from "./constants.ts"

/** A record of an answer. Names are without the dot at the end. */
export type DnsRecord = {
  readonly name: string
  readonly ttlSeconds: number
} & RecordData

export type RecordData =
  | { readonly type: "A"; readonly address: string }
  | { readonly type: "AAAA"; readonly address: string }
  | { readonly type: "CNAME" | "NS" | "PTR"; readonly target: string }
  | { readonly type: "TXT"; readonly text: string }
  | {
      readonly type: "SRV"
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | {
      readonly type: "SOA"
      readonly primary: string
      readonly mailbox: string
      readonly serial: number
      readonly refreshSeconds: number
      readonly retrySeconds: number
      readonly expireSeconds: number
      readonly minimumSeconds: number
    }

/** What there is to say to a question. */
export interface Answer {
  readonly code: ResponseCode
  readonly authoritative: boolean
  readonly answers: readonly DnsRecord[]
  readonly authority: readonly DnsRecord[]
  readonly additional: readonly DnsRecord[]
}
