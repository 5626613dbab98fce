import { parseIp } from "../../base/ip-address.ts"
import { utf8Length } from "../../base/utf8.ts"
import { parseDurationNanos } from "../duration.ts"
import { isCreditCard, isIsbn10, isIsbn13 } from "./check-digits.ts"
import type { JsonSchema } from "./json-schema.ts"
import { isMailAddress } from "./mail-address.ts"
import { isRequestUri } from "./request-uri.ts"

/** The formats of strings that upstream checks; any other format is ignored. Names are known with and without dashes. */
const formats: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: matches(/^[0-9a-fA-F]{24}$/),
  uri: isRequestUri,
  email: isMailAddress,
  hostname: isHostname,
  ipv4: (text) => looseIp(text)?.family === 4 || (text.includes(".") && looseIp(text) !== undefined),
  ipv6: (text) => text.includes(":") && parseIp(text) !== undefined,
  cidr: isCidr,
  mac: isMac,
  uuid: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid3: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid4: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  uuid5: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => text.length === 11 && /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
  hexcolor: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: isRgbColor,
  byte: (text) => text !== "" && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text),
  k8slongname: (text) =>
    text.length <= 253 && text.split(".").every((part) => /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(part)),
}

/** The schema's format if values are checked against it. */
export function checkedFormat(schema: JsonSchema): string | undefined {
  const { format, type } = schema
  if (!format) return undefined
  if (type === "integer") return format === "int32" || format === "int64" ? format : undefined
  if (type === "number") return format === "float" || format === "double" ? format : undefined
  const isText = type === undefined || type === "string" || schema["x-kubernetes-int-or-string"]
  return isText && isStringFormat(format) ? format : undefined
}

export function isStringFormat(format: string): boolean {
  return Object.hasOwn(formats, format.replaceAll("-", ""))
}

export function hasFormat(format: string, text: string): boolean {
  return formats[format.replaceAll("-", "")]?.(text) ?? true
}

function matches(pattern: RegExp): (text: string) => boolean {
  return (text) => pattern.test(text)
}

/** As addresses were read of old: leading zeros do no harm. */
function looseIp(text: string) {
  return parseIp(text) ?? parseIp(text.replace(/(^|[.:])0+(?=\d+(\.|$))/g, "$1"))
}

function isCidr(text: string): boolean {
  const slash = text.indexOf("/")
  const address = slash < 0 ? undefined : looseIp(text.slice(0, slash))
  const length = text.slice(slash + 1)
  return (
    address !== undefined && /^\d{1,7}$/.test(length) && Number(length) <= (address.family === 4 ? 32 : 128)
  )
}

/** 48, 64 or 160 bits: "00:00:5e:00:53:01", with dashes, or in fours with dots. */
function isMac(text: string): boolean {
  const pairs = /^[0-9a-f]{2}(?:(:[0-9a-f]{2})+|(-[0-9a-f]{2})+)$/i.test(text)
  if (pairs) return [6, 8, 20].includes((text.length + 1) / 3)
  return /^[0-9a-f]{4}(\.[0-9a-f]{4})+$/i.test(text) && [6, 8, 20].includes(((text.length + 1) / 5) * 2)
}

const hostname =
  /^(?:[a-zA-Z0-9\p{S}\p{L}](?:-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?|(?:[a-zA-Z0-9\p{S}\p{L}](?:[a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?\.)+[a-zA-Z\p{L}]{2,63})$/u

/** RFC 1034, with symbols of any script, as upstream has it. */
function isHostname(text: string): boolean {
  if (text.length > 255 || utf8Length(text) > 255) return false
  return text.split(".").every((label) => utf8Length(label) <= 63) && hostname.test(text)
}

const colorPart = String.raw`\s*(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*`
const rgbColor = new RegExp(`^rgb\\(${colorPart},${colorPart},${colorPart}\\)$`)

function isRgbColor(text: string): boolean {
  return rgbColor.test(text)
}

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []
  if (year === undefined) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.getUTCDate() === Number(day) && Number(month) > 0
}

function isDateTime(text: string): boolean {
  const [date = "", time] = text.toLowerCase().split("t")
  if (time === undefined || !isDate(date)) return false
  const [, hour = "", minute = "", second = ""] =
    /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(time) ?? []
  return hour !== "" && hour <= "23" && minute <= "59" && second <= "59"
}

const unit = /^(?:ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*)$/i

/** Go's "1h30m", or Scala's "22 ns", "5 minutes". */
function isDuration(text: string): boolean {
  try {
    parseDurationNanos(text)
    return true
  } catch {
    return [...text.matchAll(/\d+\s*([A-Za-zµ]+)/g)].some(([, name = ""]) => unit.test(name))
  }
}
