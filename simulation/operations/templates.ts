/** The class whose volumes can be used from every node. */
export const storageClassName = "network"

export function selecting(app: string) {
  return { matchLabels: { app } }
}

export function claimTemplates() {
  return [
    {
      metadata: { name: "data" },
      spec: {
        storageClassName,
        accessModes: ["ReadWriteOnce" as const],
        resources: { requests: { storage: "1Gi" } },
      },
    },
  ]
}

/** So long its pods stay on a node that is lost. */
export const tolerationSeconds = 5

/** Small, and soon gone from a node that is lost. */
export function templateFor(app: string) {
  const leaves = (reason: string) => ({
    key: `node.kubernetes.io/${reason}`,
    operator: "Exists" as const,
    effect: "NoExecute" as const,
    tolerationSeconds,
  })
  return {
    metadata: { labels: { app } },
    spec: {
      containers: [
        { name: "main", image: "app:1", resources: { requests: { cpu: "200m", memory: "64Mi" } } },
      ],
      terminationGracePeriodSeconds: 5,
      tolerations: [leaves("not-ready"), leaves("unreachable")],
    },
  }
}
