import { describe, expect, it } from "vitest"
import type { PodLike } from "./control.ts"
import { judgePod } from "./judge-pod.ts"
import { formatStandard, levels, readPolicy } from "./policy.ts"

type Parts = Record<string, unknown>
const pod = (spec: Parts, annotations: Record<string, string> = {}) =>
  ({ metadata: { annotations }, spec: { containers: [{ name: "c" }], ...spec } }) as unknown as PodLike
const container = (parts: Parts) => pod({ containers: [{ name: "a", ...parts }, { name: "b" }] })
const context = (securityContext: Parts) => container({ securityContext })
const judge = (subject: PodLike, level: (typeof levels)[number], minor = Number.POSITIVE_INFINITY) =>
  judgePod(subject, { level, minor }).map(({ reason, detail }) => `${reason} (${detail})`)

/** Meets "restricted" in every version. */
const careful: Parts = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  containers: [
    { name: "c", securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } },
  ],
}

describe("baseline", () => {
  it.each<[PodLike, string]>([
    [pod({ hostNetwork: true, hostIPC: true }), "host namespaces (hostNetwork=true, hostIPC=true)"],
    [pod({ volumes: [{ name: "v", hostPath: { path: "/" } }] }), 'hostPath volumes (volume "v")'],
    [
      container({
        ports: [
          { containerPort: 1, hostPort: 80 },
          { containerPort: 2, hostPort: 443 },
        ],
      }),
      'hostPort (container "a" uses hostPorts 443, 80)',
    ],
    [
      container({ livenessProbe: { httpGet: { host: "10.0.0.1", port: 1 } } }),
      'probe or lifecycle host (container "a" uses probe or lifecycle host "10.0.0.1")',
    ],
    [
      context({ privileged: true }),
      'privileged (container "a" must not set securityContext.privileged=true)',
    ],
    [
      context({ procMount: "Unmasked" }),
      'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      context({ capabilities: { add: ["SYS_ADMIN", "CHOWN", "NET_RAW"] } }),
      'non-default capabilities (container "a" must not include "NET_RAW", "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      context({ seLinuxOptions: { type: "spc_t", role: "r" } }),
      'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; role may not be set)',
    ],
    [
      pod({ securityContext: { seccompProfile: { type: "Unconfined" } } }),
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      pod({ securityContext: { appArmorProfile: { type: "Unconfined" } } }),
      'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
    ],
    [
      pod({ securityContext: { sysctls: [{ name: "kernel.msgmax", value: "1" }] } }),
      "forbidden sysctls (kernel.msgmax)",
    ],
    [
      pod({ securityContext: { windowsOptions: { hostProcess: true } } }),
      "hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)",
    ],
  ])("refuses %#", (subject, text) => {
    expect(judge(subject, "baseline")).toEqual([text])
    expect(judge(subject, "privileged")).toEqual([])
  })

  it("lets an ordinary pod in", () => {
    expect(judge(pod({}), "baseline")).toEqual([])
  })

  it("looks at all containers", () => {
    const bad = [{ name: "x", securityContext: { privileged: true } }]
    expect(judge(pod({ initContainers: bad, ephemeralContainers: bad }), "baseline")).toEqual([
      'privileged (containers "x", "x" must not set securityContext.privileged=true)',
    ])
  })
})

describe("restricted", () => {
  it("wants care to be taken", () => {
    expect(judge(pod({}), "restricted")).toEqual([
      'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
      'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])',
      'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
      'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ])
    expect(judge(pod(careful), "restricted")).toEqual([])
  })

  it.each<[Parts, string]>([
    [
      {
        volumes: [
          { name: "v", nfs: {} },
          { name: "w", hostPath: {} },
          { name: "x", emptyDir: {} },
        ],
      },
      'restricted volume types (volumes "v", "w" use restricted volume types "hostPath", "nfs")',
    ],
    [
      { securityContext: { ...(careful["securityContext"] as Parts), runAsUser: 0 } },
      "runAsUser=0 (pod must not set runAsUser=0)",
    ],
    [
      { securityContext: { ...(careful["securityContext"] as Parts), runAsNonRoot: false } },
      "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)",
    ],
    [{ hostPID: true }, "host namespaces (hostPID=true)"],
  ])("refuses %#", (spec, text) => {
    expect(judge(pod({ ...careful, ...spec }), "restricted")).toEqual([text])
  })
})

describe("versions", () => {
  it("judge as it was then", () => {
    const sysctl = pod({ securityContext: { sysctls: [{ name: "net.ipv4.tcp_rmem", value: "1" }] } })
    expect([0, 31, 32, 99].map((minor) => judge(sysctl, "baseline", minor).length)).toEqual([1, 1, 0, 0])
    const annotated = pod({}, { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" })
    expect([18, 19].map((minor) => judge(annotated, "baseline", minor).length)).toEqual([1, 0])
    expect([7, 8, 19, 22].map((minor) => judge(pod({}), "restricted", minor).length)).toEqual([1, 2, 3, 4])
  })

  it("spare those whose root is nobody outside", () => {
    const own = { hostUsers: false, containers: [{ name: "c", securityContext: { procMount: "Unmasked" } }] }
    expect([34, 35].map((minor) => judge(pod(own), "baseline", minor).length)).toEqual([1, 0])
    expect(judge(pod(own), "restricted").filter((text) => /procMount|runAs/.test(text))).toEqual([
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ])
  })

  it("spare Windows what it does not have", () => {
    const windows = pod({ os: { name: "windows" }, securityContext: { runAsNonRoot: true } })
    expect([24, 25].map((minor) => judge(windows, "restricted", minor).length)).toEqual([3, 0])
  })
})

describe("labels", () => {
  const read = (labels: Record<string, string>) => {
    const named = Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])
    const { policy, errors } = readPolicy(Object.fromEntries(named))
    const { enforce, audit, warn } = policy
    return [[enforce, audit, warn].map(formatStandard), errors.map(({ detail }) => detail)]
  }

  it("say what holds", () => {
    const open = "privileged:latest"
    expect(read({})).toEqual([[open, open, open], []])
    expect(read({ enforce: "baseline", "enforce-version": "v1.20", audit: "restricted" })).toEqual([
      ["baseline:v1.20", "restricted:latest", "baseline:v1.20"],
      [],
    ])
    expect(read({ enforce: "restricted", warn: "baseline", "warn-version": "v1.9" })[0]).toEqual([
      "restricted:latest",
      open,
      "baseline:v1.9",
    ])
  })

  it("hold most of all when unreadable", () => {
    expect(read({ enforce: "strict", audit: "x", "warn-version": "1.2" })).toEqual([
      ["restricted:latest", "privileged:latest", "privileged:latest"],
      [
        "must be one of privileged, baseline, restricted",
        "must be one of privileged, baseline, restricted",
        'must be "latest" or "v1.x"',
      ],
    ])
  })
})
