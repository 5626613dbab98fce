import { describe, expect, test } from "vitest"
import {
  caselessDnsSubdomainProblems,
  configMapKeyProblems,
  dns1035LabelProblems,
  dnsLabelName,
  dnsLabelProblems,
  dnsSubdomainName,
  dnsSubdomainProblems,
  domainPrefixedPathProblems,
  environmentVariableProblems,
  httpHeaderNameProblems,
  identifierProblems,
  labelValueProblems,
  pathSegmentName,
  percentProblems,
  portNameProblems,
  portNumberProblems,
  qualifiedNameProblems,
  relaxedEnvironmentVariableProblems,
  wildcardDnsSubdomainProblems,
} from "./names.ts"

const good: [(value: string) => string[], string[]][] = [
  [dnsLabelProblems, ["a", "0", "web-1", "a".repeat(63)]],
  [dnsSubdomainProblems, ["a.b-c.1", "example.com", `${"a".repeat(200)}.b`]],
  [caselessDnsSubdomainProblems, ["Example.COM"]],
  [dns1035LabelProblems, ["abc-123"]],
  [wildcardDnsSubdomainProblems, ["*.a", "*.example.com"]],
  [qualifiedNameProblems, ["A", "my_name.x", "example.com/MyName", "1-a"]],
  [labelValueProblems, ["", "A", "1.2_3-4"]],
  [identifierProblems, ["_a1"]],
  [environmentVariableProblems, ["A", "a.b-c_d", ".x", "-"]],
  [relaxedEnvironmentVariableProblems, ["1 + 2", "a"]],
  [configMapKeyProblems, ["a.b", "..a".slice(1), "-", "_"]],
  [portNameProblems, ["http", "a-1"]],
  [percentProblems, ["0%", "100%"]],
  [httpHeaderNameProblems, ["X-Y"]],
]

const bad: [(value: string) => string[], string, string[]][] = [
  [
    dnsLabelProblems,
    "A",
    [
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ],
  ],
  [dnsLabelProblems, "a.b", ["must not contain dots"]],
  [dnsLabelProblems, "a".repeat(64), ["must be no more than 63 characters"]],
  [
    dnsSubdomainProblems,
    "a..b",
    [
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    ],
  ],
  [
    qualifiedNameProblems,
    "-",
    [
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
  [
    qualifiedNameProblems,
    `/${"a".repeat(64)}`,
    ["prefix part must be non-empty", "name part must be no more than 63 bytes"],
  ],
  [
    qualifiedNameProblems,
    "a/b/c",
    [
      "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ],
  ],
  [
    labelValueProblems,
    "ä".repeat(32),
    ["must be no more than 63 bytes", expect.stringMatching(/^a valid label must be/) as string],
  ],
  [configMapKeyProblems, "..", ["must not be '..'"]],
  [configMapKeyProblems, "..a", ["must not start with '..'"]],
  [
    portNameProblems,
    "-1--2-",
    [
      "must contain at least one letter (a-z)",
      "must not contain consecutive hyphens",
      "must not begin or end with a hyphen",
    ],
  ],
]

describe("names", () => {
  test.each(good)("%o takes what is well formed", (problemsOf, values) => {
    for (const value of values) expect([value, problemsOf(value)]).toEqual([value, []])
  })

  test.each(bad)("%o says what is wrong with %j", (problemsOf, value, problems) => {
    expect(problemsOf(value)).toEqual(problems)
  })

  test("a generateName may end in a dash", () => {
    expect(dnsLabelName("web-", true)).toEqual([])
    expect(dnsLabelName("web-", false)).toHaveLength(1)
    expect(dnsSubdomainName("web.-", true)).toHaveLength(0)
    expect(pathSegmentName("..", true)).toEqual([])
    expect(pathSegmentName("..", false)).toEqual(["may not be '..'"])
    expect(pathSegmentName("a/b%", false)).toEqual(["may not contain '/'", "may not contain '%'"])
  })

  test("ports and paths", () => {
    expect(portNumberProblems(0)).toEqual(["must be between 1 and 65535, inclusive"])
    expect(domainPrefixedPathProblems("acme.io/a/b")).toEqual([])
    expect(domainPrefixedPathProblems("acme.io")).toEqual([
      { part: "acme.io", problem: 'must be a domain-prefixed path (such as "acme.io/foo")' },
    ])
  })

  test("long hostile input is judged in no time", () => {
    const hostile = `${"a-".repeat(50_000)}.${"a.".repeat(50_000)}!`
    const before = performance.now()
    for (const [problemsOf] of good) problemsOf(hostile)
    expect(performance.now() - before).toBeLessThan(2_000)
  })
})
