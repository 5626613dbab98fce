import { readFileSync } from "node:fs"

const script = readFileSync(new URL("backend.mjs", import.meta.url), "utf8")

/** Apps that each tell their name, three pods of each, behind a Service. */
export function appManifests(image: string, names: readonly string[]): object[] {
  const configMap = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "backend" },
    data: { "backend.mjs": script },
  }
  return [configMap, ...names.flatMap((name) => [deployment(name, image), service(name)])]
}

function deployment(name: string, image: string): object {
  const container = {
    name: "app",
    image,
    imagePullPolicy: "Never",
    command: ["node", "/app/backend.mjs"],
    env: [{ name: "APP", value: name }],
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 1 },
    volumeMounts: [{ name: "app", mountPath: "/app" }],
  }
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [container], volumes: [{ name: "app", configMap: { name: "backend" } }] },
      },
    },
  }
}

function service(name: string): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { selector: { app: name }, ports: [{ name: "web", port: 80, targetPort: "http" }] },
  }
}

const backend = (name: string) => ({ service: { name, port: { name: "web" } } })
const path = (pathType: string, at: string, app: string) => ({ pathType, path: at, backend: backend(app) })

/** By host and path, with TLS for one of the hosts; `prefixApp` gets what is under /prefix. */
export function shopIngress(prefixApp: string): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name: "shop" },
    spec: {
      tls: [{ hosts: ["shop.example"], secretName: "shop-tls" }],
      rules: [
        {
          host: "shop.example",
          http: {
            paths: [
              path("Exact", "/exact", "one"),
              path("Prefix", "/prefix", prefixApp),
              path("ImplementationSpecific", "/any", "two"),
            ],
          },
        },
        { host: "*.wild.example", http: { paths: [path("Prefix", "/", "two")] } },
      ],
    },
  }
}

export const fallbackIngress = {
  apiVersion: "networking.k8s.io/v1",
  kind: "Ingress",
  metadata: { name: "fallback" },
  spec: { defaultBackend: backend("one") },
}
