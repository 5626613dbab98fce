/** Numbers of the DNS protocol (RFC 1035, 3596, 2782, 6891; https://www.iana.org/assignments/dns-parameters). */
export const types = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
} as const

export const classInternet = 1

export const codes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const

export type ResponseCode = (typeof codes)[keyof typeof codes]

/** Bits of the second 16-bit word of a message. */
export const flags = {
  response: 0x8000,
  opcode: 0x7800,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
  code: 0x000f,
} as const

export const headerLength = 12
/** What a client without EDNS can take by UDP. */
export const plainUdpSize = 512
/** What we send by UDP at most, so that nothing is fragmented on the way (https://www.dnsflagday.net/2020/). */
export const largestUdpSize = 1232
