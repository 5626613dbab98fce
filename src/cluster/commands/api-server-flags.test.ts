import { describe, expect, test } from "vitest"
import { parseFlags } from "../../base/flags.ts"
import { apiServerFlags, apiServerSettings } from "./api-server-flags.ts"

const settings = (...argv: string[]) => apiServerSettings(parseFlags(argv, apiServerFlags).values)

describe("flags of the API server", () => {
  test("say nothing unless they are given", () => {
    const { flags, ...said } = settings()
    expect(flags).toMatchObject({ profiling: true, "tls-min-version": "VersionTLS12" })
    expect(said).toEqual({
      profiling: true,
      eventTtlMs: 3_600_000,
      tls: { minVersion: "TLSv1.2" },
      serviceAccounts: { extendExpiration: true },
      authentication: { anonymous: true },
      enableAdmissionPlugins: [],
      disableAdmissionPlugins: [],
    })
  })

  test("that describe an issuer of tokens say the same as a file would", () => {
    const { authentication } = settings(
      "--oidc-issuer-url=https://login.example.com",
      "--oidc-client-id=us",
      "--oidc-groups-claim=roles",
      "--oidc-required-claim=tenant=acme",
      "--anonymous-auth=false",
    )
    expect(authentication).toEqual({
      anonymous: false,
      oidc: {
        issuer: { url: "https://login.example.com", audiences: ["us"] },
        claimMappings: {
          username: { claim: "sub", prefix: "https://login.example.com#" },
          groups: { claim: "roles", prefix: "" },
        },
        claimValidationRules: [{ claim: "tenant", requiredValue: "acme" }],
      },
    })
  })

  test("say for how long events are kept", () => {
    expect(settings("--event-ttl=90s").eventTtlMs).toBe(90_000)
    expect(() => settings("--event-ttl=0s")).toThrow("--event-ttl: 0s is less than a second")
  })

  test("that allow everything admit nobody unknown", () => {
    expect(settings("--authorization-mode=RBAC,AlwaysAllow", "--anonymous-auth").authentication).toEqual({
      anonymous: false,
    })
  })

  test("of a policy file", () => {
    const flags = ["--authorization-mode=RBAC,ABAC", "--authorization-policy-file=p"] as const
    expect(settings(...flags).authorization).toEqual({ modes: ["RBAC", "ABAC"], policyFile: "p" })
  })

  test("of webhooks", () => {
    expect(
      settings(
        "--authorization-mode=Node,RBAC,Webhook",
        "--authorization-webhook-config-file=k",
        "--authorization-webhook-cache-authorized-ttl=1m",
        "--authentication-token-webhook-config-file=t",
        "--authentication-token-webhook-version=v1",
      ),
    ).toMatchObject({
      authorization: {
        modes: ["Node", "RBAC", "Webhook"],
        webhook: { configFile: "k", version: "v1beta1", allowedLifetimeMs: 60_000, otherLifetimeMs: 30_000 },
      },
      authentication: { webhook: { configFile: "t", version: "v1", cacheLifetimeMs: 120_000 } },
    })
  })

  test.each([
    [
      ["--audit-log-path=a"],
      /--audit-policy-file FILE is missing: without a policy the log would stay empty/,
    ],
    [["--audit-policy-file=a"], /add --audit-log-path or --audit-webhook-config-file/],
    [["--authorization-mode=Roles"], /Roles is not one of/],
    [["--authorization-mode=ABAC"], /ABAC and --authorization-policy-file belong together/],
    [["--authorization-mode=RBAC,RBAC"], /RBAC is given more than once/],
    [["--authorization-mode=Webhook"], /belong together/],
    [["--authorization-config=a", "--authorization-mode=RBAC"], /can not be specified when/],
    [["--oidc-client-id=a"], /must be specified together/],
    [["--oidc-client-id=a", "--oidc-issuer-url=http://a"], /URL scheme must be https/],
    [
      ["--oidc-client-id=a", "--oidc-issuer-url=https://a", "--authentication-config=c"],
      /mutually exclusive/,
    ],
    [
      ["--authentication-token-webhook-config-file=t", "--authentication-token-webhook-version=v2"],
      /v2 is neither v1 nor v1beta1/,
    ],
    [["--service-account-max-token-expiration=10m"], /must be between 1 hour and/],
    [["--tls-min-version=VersionTLS10"], /is neither VersionTLS12 nor VersionTLS13/],
  ])("%s is refused", (argv, message) => {
    expect(() => settings(...argv)).toThrow(message)
  })
})
