import type { IpFamily } from "../../base/ip-address.ts"
import type { Masquerade } from "../model/plan-service.ts"
import { words } from "./words.ts"

/** Of marked connections the source address is replaced; the bit is the one that kube-proxy uses. */
export const masqueradeMark = "0x4000"
export const allButMasqueradeMark = "0xffffbfff"

/** The rules that mark what gets another source address. */
export function markRules(masquerade: Masquerade, family: IpFamily): string[] {
  const mark = `meta mark set meta mark | ${masqueradeMark}`
  if (masquerade === "always") return [mark]
  if (masquerade === "strangers") return [`${words[family].ip} saddr != @trusted-sources ${mark}`]
  return []
}
