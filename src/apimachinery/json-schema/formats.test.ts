import { expect, test } from "vitest"
import { hasFormat } from "./formats.ts"

const examples: Record<string, { yes: string[]; no: string[] }> = {
  email: {
    yes: ["a@b.c", "Jane Doe <a@b.c>", '"x y"@b', "a@[1.2.3.4]", "é@b.c", "a@b.c (home)"],
    no: ["a", "a@", "@b", "a b@c", "a@[1.2.3]", "a..b@c"],
  },
  uri: {
    yes: ["http://a.b/c?d#e", "/x/y%20", "mailto:x", "http://[::1]:80/x", "http://u:p@h:80", "//h"],
    no: ["", "a/b", "http://h:x/", "http://a b/", "/%zz", "http://[1.2.3.4]/", "http://[::1"],
  },
  hostname: { yes: ["a.b.com", "a-b", "x", "xn--a.co", "é.com"], no: ["a_b", "a..b", "-a", "a.b1", ""] },
  ipv4: { yes: ["1.2.3.4", "01.2.3.4"], no: ["1.2.3", "256.1.1.1", "::1"] },
  ipv6: { yes: ["::1", "1:2::3", "::ffff:1.2.3.4"], no: ["1.2.3.4", "1::2::3", "fe80::1%eth0"] },
  cidr: { yes: ["1.2.3.0/24", "::/0", "01.2.3.4/8"], no: ["1.2.3.4", "1.2.3.4/33", "::1/129"] },
  mac: {
    yes: ["00:00:5e:00:53:01", "02-00-5e-10-00-00-00-01", "0000.5e00.5301"],
    no: ["00:00", "00:00-5e:00:53:01", "0000.5e00"],
  },
  uuid: { yes: ["A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11"], no: ["a0ee"] },
  isbn: { yes: ["0321751043", "978-0321751041"], no: ["0321751044", "x"] },
  creditcard: { yes: ["4111-1111-1111-1111"], no: ["4111-1111-1111-1112", ""] },
  ssn: { yes: ["111-11-1111"], no: ["111111111"] },
  hexcolor: { yes: ["#FFF", "abcdef"], no: ["#abcd"] },
  rgbcolor: { yes: ["rgb( 1 , 2 ,255 )"], no: ["rgb(256,1,1)", "rgb(01,1,1)"] },
  byte: { yes: ["YQ==", "YWE=", "YWFh"], no: ["Y", "", "YQ"] },
  date: { yes: ["2020-02-29"], no: ["2019-02-29", "2020-1-1"] },
  duration: { yes: ["1h30m", "22 ns", "5 Minutes", "2 weeks"], no: ["x", "3 foo", ""] },
  "date-time": {
    yes: ["2014-12-15T19:30:20.000Z", "2014-12-15t19:30:20+01:00"],
    no: ["2014-12-15T24:30:20Z", "2014-12-15"],
  },
  "k8s-short-name": { yes: ["a-b"], no: ["A", "a.b", "a".repeat(64)] },
  "k8s-long-name": { yes: ["a.b"], no: ["a..b", "a.-b"] },
  password: { yes: ["", "any"], no: [] },
}

test.each(Object.entries(examples))("%s", (format, { yes, no }) => {
  expect(yes.filter((text) => !hasFormat(format, text))).toEqual([])
  expect(no.filter((text) => hasFormat(format, text))).toEqual([])
})
