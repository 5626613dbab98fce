import { useCluster } from "./harness.ts"
import { supportsAllOperations } from "./api-operations.ts"

useCluster()

// Made with: openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=e2e-example
const certificateRequest = Buffer.from(`-----BEGIN CERTIFICATE REQUEST-----
MIHQMHgCAQAwFjEUMBIGA1UEAwwLZTJlLWV4YW1wbGUwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAASmzWcHPFY9R1MmK25Cf0AIjBQ3Jh/4HXCzuTB7W05cX6aaAjzG
26BwTA5eugSIRjgwESCogoZuI5bklTW2iODToAAwCgYIKoZIzj0EAwIDSAAwRQIh
AKhvT98KUf/YAaKmeMV3yQ4sOwx+TESDTGUgAb/I37w2AiAUhm6YRRNxwEy9f1sf
G8zf7Bqe5oirazcNwEWjpKA1rw==
-----END CERTIFICATE REQUEST-----
`).toString("base64")

const condition = (type: string) => ({
  conditions: [
    {
      type,
      status: "True",
      reason: "E2E",
      message: "Set by the test",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    },
  ],
})

supportsAllOperations({
  codename:
    "[sig-api-machinery] API priority and fairness should support FlowSchema API operations [Conformance]",
  apiVersion: "flowcontrol.apiserver.k8s.io/v1",
  plural: "flowschemas",
  kind: "FlowSchema",
  namespaced: false,
  draft: () => ({
    spec: {
      matchingPrecedence: 10_000,
      priorityLevelConfiguration: { name: "global-default" },
      rules: [
        {
          subjects: [{ kind: "User", user: { name: "example-e2e-non-existent-user" } }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        },
      ],
    },
  }),
  change: { spec: { matchingPrecedence: 9999 } },
  status: condition("E2E"),
})

supportsAllOperations({
  codename:
    "[sig-api-machinery] API priority and fairness should support PriorityLevelConfiguration API operations [Conformance]",
  apiVersion: "flowcontrol.apiserver.k8s.io/v1",
  plural: "prioritylevelconfigurations",
  kind: "PriorityLevelConfiguration",
  namespaced: false,
  draft: () => ({
    spec: { type: "Limited", limited: { nominalConcurrencyShares: 2, limitResponse: { type: "Reject" } } },
  }),
  change: { spec: { limited: { nominalConcurrencyShares: 4 } } },
  status: condition("E2E"),
})

const policy = {
  failurePolicy: "Ignore",
  matchConstraints: {
    resourceRules: [
      {
        apiGroups: ["apps"],
        apiVersions: ["v1"],
        operations: ["CREATE", "UPDATE"],
        resources: ["deployments"],
      },
    ],
  },
}

supportsAllOperations({
  codename:
    "[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicy API operations [Conformance]",
  apiVersion: "admissionregistration.k8s.io/v1",
  plural: "validatingadmissionpolicies",
  kind: "ValidatingAdmissionPolicy",
  namespaced: false,
  draft: () => ({ spec: { ...policy, validations: [{ expression: "object.spec.replicas <= 100" }] } }),
  change: { spec: { failurePolicy: "Fail" } },
  status: condition("E2E"),
})

supportsAllOperations({
  codename:
    "[sig-api-machinery] ValidatingAdmissionPolicy [Privileged:ClusterAdmin] should support ValidatingAdmissionPolicyBinding API operations [Conformance]",
  apiVersion: "admissionregistration.k8s.io/v1",
  plural: "validatingadmissionpolicybindings",
  kind: "ValidatingAdmissionPolicyBinding",
  namespaced: false,
  draft: () => ({ spec: { policyName: "replicalimit-policy.example.com", validationActions: ["Deny"] } }),
})

supportsAllOperations({
  codename:
    "[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicy API operations [Conformance]",
  apiVersion: "admissionregistration.k8s.io/v1",
  plural: "mutatingadmissionpolicies",
  kind: "MutatingAdmissionPolicy",
  namespaced: false,
  draft: () => ({
    spec: {
      ...policy,
      reinvocationPolicy: "Never",
      mutations: [
        {
          patchType: "ApplyConfiguration",
          applyConfiguration: { expression: 'Object{metadata: Object.metadata{labels: {"a": "b"}}}' },
        },
      ],
    },
  }),
  change: { spec: { failurePolicy: "Fail" } },
})

supportsAllOperations({
  codename:
    "[sig-api-machinery] MutatingAdmissionPolicy [Privileged:ClusterAdmin] should support MutatingAdmissionPolicyBinding API operations [Conformance]",
  apiVersion: "admissionregistration.k8s.io/v1",
  plural: "mutatingadmissionpolicybindings",
  kind: "MutatingAdmissionPolicyBinding",
  namespaced: false,
  draft: () => ({ spec: { policyName: "replicalimit-policy.example.com" } }),
})

supportsAllOperations({
  codename: "[sig-api-machinery] ResourceQuota should manage the lifecycle of a ResourceQuota [Conformance]",
  apiVersion: "v1",
  plural: "resourcequotas",
  kind: "ResourceQuota",
  namespaced: true,
  draft: () => ({ spec: { hard: { "count/secrets": "1" } } }),
  change: { spec: { hard: { "count/secrets": "2" } } },
})

const podTemplate = {
  metadata: { labels: { app: "conformance" } },
  spec: { restartPolicy: "OnFailure", containers: [{ name: "c", image: "registry.k8s.io/pause:3.10" }] },
}

supportsAllOperations({
  codename: "[sig-apps] CronJob should support CronJob API operations [Conformance]",
  apiVersion: "batch/v1",
  plural: "cronjobs",
  kind: "CronJob",
  namespaced: true,
  draft: () => ({
    spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate: { spec: { template: podTemplate } } },
  }),
  change: { spec: { concurrencyPolicy: "Forbid" } },
  status: { lastScheduleTime: "2026-01-01T00:00:00Z" },
})

supportsAllOperations({
  codename:
    "[sig-apps] DisruptionController Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets [Conformance]",
  apiVersion: "policy/v1",
  plural: "poddisruptionbudgets",
  kind: "PodDisruptionBudget",
  namespaced: true,
  draft: () => ({ spec: { minAvailable: 1, selector: { matchLabels: { foo: "bar" } } } }),
})

supportsAllOperations({
  codename:
    "[sig-auth] Certificates API [Privileged:ClusterAdmin] should support CSR API operations [Conformance]",
  apiVersion: "certificates.k8s.io/v1",
  plural: "certificatesigningrequests",
  kind: "CertificateSigningRequest",
  namespaced: false,
  draft: () => ({
    spec: {
      request: certificateRequest,
      signerName: "example.com/e2e",
      usages: ["digital signature", "client auth"],
    },
  }),
})

supportsAllOperations({
  codename: "[sig-auth] ServiceAccounts should run through the lifecycle of a ServiceAccount [Conformance]",
  apiVersion: "v1",
  plural: "serviceaccounts",
  kind: "ServiceAccount",
  namespaced: true,
  draft: () => ({}),
  change: { automountServiceAccountToken: false },
})

const regarding = { kind: "Pod", namespace: "default", name: "p" }

supportsAllOperations({
  codename: "[sig-instrumentation] Events should delete a collection of events [Conformance]",
  apiVersion: "v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
  draft: (_, { namespace }) => ({
    involvedObject: { ...regarding, namespace },
    message: "This is a test",
    reason: "Test",
    type: "Normal",
  }),
  change: { message: "This is a patched test" },
})

supportsAllOperations({
  codename: "[sig-instrumentation] Events API should delete a collection of events [Conformance]",
  apiVersion: "events.k8s.io/v1",
  plural: "events",
  kind: "Event",
  namespaced: true,
  draft: (_, { namespace }) => ({
    regarding: { ...regarding, namespace },
    eventTime: "2026-01-01T00:00:00.000000Z",
    note: "This is a test",
    action: "Do",
    reason: "Test",
    type: "Normal",
    reportingController: "test-controller",
    reportingInstance: "test-node",
  }),
  change: { series: { count: 2, lastObservedTime: "2026-01-01T00:00:01.000000Z" } },
})

supportsAllOperations({
  codename: "[sig-network] EndpointSlice should support creating EndpointSlice API operations [Conformance]",
  apiVersion: "discovery.k8s.io/v1",
  plural: "endpointslices",
  kind: "EndpointSlice",
  namespaced: true,
  draft: () => ({ addressType: "IPv4", endpoints: [{ addresses: ["1.2.3.4", "5.6.7.8"] }] }),
})

supportsAllOperations({
  codename: "[sig-network] Ingress API should support creating Ingress API operations [Conformance]",
  apiVersion: "networking.k8s.io/v1",
  plural: "ingresses",
  kind: "Ingress",
  namespaced: true,
  draft: () => ({ spec: { defaultBackend: { service: { name: "default-backend", port: { number: 80 } } } } }),
  status: { loadBalancer: { ingress: [{ ip: "169.1.1.1" }] } },
})

supportsAllOperations({
  codename:
    "[sig-network] IngressClass API should support creating IngressClass API operations [Conformance]",
  apiVersion: "networking.k8s.io/v1",
  plural: "ingressclasses",
  kind: "IngressClass",
  namespaced: false,
  draft: () => ({ spec: { controller: "example.com/controller" } }),
})

supportsAllOperations({
  codename:
    "[sig-network] ServiceCIDR and IPAddress API should support IPAddress API operations [Conformance]",
  apiVersion: "networking.k8s.io/v1",
  plural: "ipaddresses",
  kind: "IPAddress",
  namespaced: false,
  nameOf: (index) => `192.168.213.${index + 1}`,
  draft: () => ({ spec: { parentRef: { resource: "services", name: "foo", namespace: "bar" } } }),
})

supportsAllOperations({
  codename:
    "[sig-network] ServiceCIDR and IPAddress API should support ServiceCIDR API operations [Conformance]",
  apiVersion: "networking.k8s.io/v1",
  plural: "servicecidrs",
  kind: "ServiceCIDR",
  namespaced: false,
  draft: (name) => ({ spec: { cidrs: [`192.168.${name.endsWith("0") ? 213 : 214}.0/24`] } }),
  status: condition("Ready"),
})

supportsAllOperations({
  codename: "[sig-node] ConfigMap should run through a ConfigMap lifecycle [Conformance]",
  apiVersion: "v1",
  plural: "configmaps",
  kind: "ConfigMap",
  namespaced: true,
  draft: () => ({ data: { valueName: "value" } }),
  change: { data: { valueName: "value1" } },
})

supportsAllOperations({
  codename: "[sig-node] Node Lifecycle should run through the lifecycle of a node [Conformance]",
  apiVersion: "v1",
  plural: "nodes",
  kind: "Node",
  namespaced: false,
  draft: () => ({ status: { phase: "Running" } }),
})

supportsAllOperations({
  codename: "[sig-node] PodTemplates should run the lifecycle of PodTemplates [Conformance]",
  apiVersion: "v1",
  plural: "podtemplates",
  kind: "PodTemplate",
  namespaced: true,
  draft: () => ({ template: { spec: { containers: [{ name: "nginx", image: "nginx" }] } } }),
})

supportsAllOperations({
  codename: "[sig-node] RuntimeClass should support RuntimeClasses API operations [Conformance]",
  apiVersion: "node.k8s.io/v1",
  plural: "runtimeclasses",
  kind: "RuntimeClass",
  namespaced: false,
  draft: () => ({ handler: "non-existent-handler" }),
})

const request = { devices: { requests: [{ name: "req-0", exactly: { deviceClassName: "my-class" } }] } }

supportsAllOperations({
  codename: "[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 DeviceClass [Conformance]",
  apiVersion: "resource.k8s.io/v1",
  plural: "deviceclasses",
  kind: "DeviceClass",
  namespaced: false,
  draft: () => ({ spec: { selectors: [{ cel: { expression: "device.driver == 'a.example.com'" } }] } }),
})

supportsAllOperations({
  codename: "[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaim [Conformance]",
  apiVersion: "resource.k8s.io/v1",
  plural: "resourceclaims",
  kind: "ResourceClaim",
  namespaced: true,
  draft: () => ({ spec: request }),
})

supportsAllOperations({
  codename: "[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceClaimTemplate [Conformance]",
  apiVersion: "resource.k8s.io/v1",
  plural: "resourceclaimtemplates",
  kind: "ResourceClaimTemplate",
  namespaced: true,
  draft: () => ({ spec: { spec: request } }),
})

supportsAllOperations({
  codename: "[sig-node] [DRA] CRUD Tests resource.k8s.io/v1 ResourceSlice [Conformance]",
  apiVersion: "resource.k8s.io/v1",
  plural: "resourceslices",
  kind: "ResourceSlice",
  namespaced: false,
  draft: (name) => ({
    spec: {
      nodeName: "worker",
      driver: "dra.example.com",
      pool: { name, resourceSliceCount: 1, generation: 1 },
    },
  }),
})

supportsAllOperations({
  codename: "[sig-storage] CSIInlineVolumes should run through the lifecycle of a CSIDriver [Conformance]",
  apiVersion: "storage.k8s.io/v1",
  plural: "csidrivers",
  kind: "CSIDriver",
  namespaced: false,
  draft: () => ({ spec: { volumeLifecycleModes: ["Ephemeral"] } }),
})

supportsAllOperations({
  codename:
    "[sig-storage] CSINodes CSI Conformance should run through the lifecycle of a csinode [Conformance]",
  apiVersion: "storage.k8s.io/v1",
  plural: "csinodes",
  kind: "CSINode",
  namespaced: false,
  draft: () => ({ spec: { drivers: [{ name: "e2e-driver", nodeID: "e2e-node" }] } }),
})

supportsAllOperations({
  codename:
    "[sig-storage] CSIStorageCapacity should support CSIStorageCapacities API operations [Conformance]",
  apiVersion: "storage.k8s.io/v1",
  plural: "csistoragecapacities",
  kind: "CSIStorageCapacity",
  namespaced: true,
  draft: () => ({ storageClassName: "fast", capacity: "100Gi" }),
})

supportsAllOperations({
  codename:
    "[sig-storage] StorageClasses CSI Conformance should run through the lifecycle of a StorageClass [Conformance]",
  apiVersion: "storage.k8s.io/v1",
  plural: "storageclasses",
  kind: "StorageClass",
  namespaced: false,
  draft: () => ({ provisioner: "e2e-fake-provisioner" }),
})

supportsAllOperations({
  codename:
    "[sig-storage] VolumeAttachment Conformance should run through the lifecycle of a VolumeAttachment [Conformance]",
  apiVersion: "storage.k8s.io/v1",
  plural: "volumeattachments",
  kind: "VolumeAttachment",
  namespaced: false,
  draft: () => ({
    spec: { attacher: "e2e-driver", nodeName: "e2e-node", source: { persistentVolumeName: "pv" } },
  }),
})

supportsAllOperations({
  codename:
    "[sig-storage] VolumeAttributesClass [FeatureGate:VolumeAttributesClass] should run through the lifecycle of a VolumeAttributesClass [Conformance]",
  apiVersion: "storage.k8s.io/v1",
  plural: "volumeattributesclasses",
  kind: "VolumeAttributesClass",
  namespaced: false,
  draft: () => ({ driverName: "e2e-fake-driver", parameters: { iops: "3000" } }),
})
