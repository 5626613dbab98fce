/** A pod as a controller makes them, padded to about `bytes` bytes of JSON. */
export function podOf(name: string, bytes: number) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "bench",
      labels: { app: "web", "pod-template-hash": "5d8f9c7b6" },
      annotations: { "example.com/padding": "x".repeat(Math.max(0, bytes - 1900)) },
    },
    spec: {
      containers: [
        {
          name: "web",
          image: "registry.example.com/web:1.2.3",
          ports: [{ name: "http", containerPort: 8080 }],
          env: [{ name: "MODE", value: "production" }],
          resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } },
          readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 5 },
        },
      ],
      nodeName: "node-1",
    },
  }
}
