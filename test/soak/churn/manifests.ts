import { image } from "../cluster-under-soak.ts"
import type { JobWish, Workload } from "./wishes.ts"

// Whichever of its processes is killed, the container ends.
const serve = `trap 'exit 0' TERM
mkdir -p /www && hostname > /www/index.html && echo "serving $VERSION"
httpd -f -p 8080 -h /www & server=$!
while kill -0 $server; do date > /data/alive; sleep 1 & wait $!; done
exit 1`

/** A pod of everything that a node has to make and take away: volumes of several kinds, probes, an init container, a sidecar. */
export function podTemplate({ name, version, kind }: Workload): object {
  const shell = (container: string, script: string, more: object = {}) => ({
    name: container,
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", script],
    resources: { requests: { cpu: "5m", memory: "8Mi" }, limits: { memory: "64Mi" } },
    ...more,
  })
  const data = { name: "data", mountPath: "/data" }
  return {
    metadata: { labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 3,
      initContainers: [
        shell("prepare", "cp /config/* /data/", {
          volumeMounts: [data, { name: "config", mountPath: "/config" }],
        }),
        shell("beside", "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done", {
          restartPolicy: "Always",
        }),
      ],
      containers: [
        shell("main", serve, {
          env: [
            { name: "VERSION", value: String(version) },
            { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          ],
          ports: [{ name: "http", containerPort: 8080 }],
          readinessProbe: { httpGet: { path: "/", port: "http" }, periodSeconds: 2 },
          livenessProbe: {
            exec: { command: ["test", "-f", "/data/alive"] },
            periodSeconds: 3,
            failureThreshold: 5,
          },
          volumeMounts: [
            data,
            { name: "secret", mountPath: "/secret", readOnly: true },
            { name: "memory", mountPath: "/memory" },
          ],
        }),
      ],
      volumes: [
        { name: "config", configMap: { name: "config" } },
        { name: "secret", secret: { secretName: "secret", defaultMode: 0o400 } },
        { name: "memory", emptyDir: { medium: "Memory", sizeLimit: "4Mi" } },
        ...(kind === "StatefulSet" ? [] : [{ name: "data", emptyDir: {} }]),
      ],
    },
  }
}

export function workloadSpec(workload: Workload): object {
  const { name, replicas, kind } = workload
  const selector = { matchLabels: { app: name } }
  const template = podTemplate(workload)
  if (kind === "DaemonSet")
    return { selector, template, updateStrategy: { rollingUpdate: { maxUnavailable: 2 } } }
  if (kind === "Deployment")
    return { selector, template, replicas, strategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } }
  return {
    selector,
    template,
    replicas,
    serviceName: name,
    podManagementPolicy: "Parallel",
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" },
    volumeClaimTemplates: [
      {
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } },
      },
    ],
  }
}

export function serviceSpec({ name }: Workload, nodePort: boolean): object {
  return {
    type: nodePort ? "NodePort" : "ClusterIP",
    selector: { app: name },
    ports: [{ name: "http", port: 80, targetPort: "http" }],
  }
}

export function jobSpec({ completions }: JobWish): object {
  const script = "echo working; sleep 1; test $(($(date +%s) % 4)) -ne 0"
  return {
    completions,
    parallelism: 2,
    completionMode: "Indexed",
    backoffLimit: 20,
    template: {
      spec: {
        restartPolicy: "OnFailure",
        terminationGracePeriodSeconds: 1,
        containers: [{ name: "main", image, imagePullPolicy: "IfNotPresent", command: ["sh", "-c", script] }],
      },
    },
  }
}

export function crashingPodSpec(): object {
  return {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: "main",
        image,
        imagePullPolicy: "IfNotPresent",
        command: ["sh", "-c", "echo crash; sleep 1; exit 3"],
      },
    ],
  }
}

export const denyAll = { podSelector: {}, policyTypes: ["Ingress", "Egress"] }
