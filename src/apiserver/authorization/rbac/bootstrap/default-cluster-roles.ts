import {
  core,
  paths,
  read,
  readWrite,
  recordEvents,
  role,
  type RoleNotation,
  rule,
  write,
} from "./notation.ts"

/**
 * The ClusterRoles that every cluster has (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#default-roles-and-role-bindings),
 * as of v1.36.
 */
export const clusterRoles: Readonly<Record<string, RoleNotation>> = {
  admin: role([], { aggregates: "admin" }),
  "cluster-admin": role([rule("*", "*", "*"), paths("*", "*")]),
  edit: role([], { aggregateTo: "admin", aggregates: "edit" }),
  "system:aggregate-to-admin": role(
    [
      rule("create", "authorization.k8s.io", "localsubjectaccessreviews"),
      rule(readWrite, "rbac.authorization.k8s.io", "rolebindings roles"),
    ],
    { aggregateTo: "admin" },
  ),
  "system:aggregate-to-edit": role(
    [
      rule(read, core, "pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy"),
      rule("impersonate", core, "serviceaccounts"),
      rule(write, core, "pods pods/attach pods/exec pods/portforward pods/proxy"),
      rule("create", core, "pods/eviction"),
      rule(
        write,
        core,
        "configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale " +
          "secrets serviceaccounts services services/proxy",
      ),
      rule("create", core, "serviceaccounts/token"),
      rule(write, "core events.k8s.io", "events"),
      rule(
        write,
        "apps",
        "daemonsets deployments deployments/rollback deployments/scale replicasets " +
          "replicasets/scale statefulsets statefulsets/scale",
      ),
      rule(write, "autoscaling", "horizontalpodautoscalers"),
      rule(write, "batch", "cronjobs jobs"),
      rule(
        write,
        "extensions",
        "daemonsets deployments deployments/rollback deployments/scale ingresses networkpolicies " +
          "replicasets replicasets/scale replicationcontrollers/scale",
      ),
      rule(write, "policy", "poddisruptionbudgets"),
      rule(write, "networking.k8s.io", "ingresses networkpolicies"),
      rule(readWrite, "coordination.k8s.io", "leases"),
      rule(write, "resource.k8s.io", "resourceclaims resourceclaimtemplates"),
    ],
    { aggregateTo: "edit" },
  ),
  "system:aggregate-to-view": role(
    [
      rule(
        read,
        core,
        "configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods " +
          "replicationcontrollers replicationcontrollers/scale serviceaccounts services " +
          "services/status",
      ),
      rule(
        read,
        core,
        "bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status " +
          "resourcequotas resourcequotas/status",
      ),
      rule(read, core, "namespaces"),
      rule(read, "core events.k8s.io", "events"),
      rule(read, "discovery.k8s.io", "endpointslices"),
      rule(
        read,
        "apps",
        "controllerrevisions daemonsets daemonsets/status deployments deployments/scale " +
          "deployments/status replicasets replicasets/scale replicasets/status statefulsets " +
          "statefulsets/scale statefulsets/status",
      ),
      rule(read, "autoscaling", "horizontalpodautoscalers horizontalpodautoscalers/status"),
      rule(read, "batch", "cronjobs cronjobs/status jobs jobs/status"),
      rule(
        read,
        "extensions",
        "daemonsets daemonsets/status deployments deployments/scale deployments/status ingresses " +
          "ingresses/status networkpolicies replicasets replicasets/scale replicasets/status " +
          "replicationcontrollers/scale",
      ),
      rule(read, "policy", "poddisruptionbudgets poddisruptionbudgets/status"),
      rule(read, "networking.k8s.io", "ingresses ingresses/status networkpolicies"),
      rule(read, "resource.k8s.io", "resourceclaims resourceclaims/status resourceclaimtemplates"),
    ],
    { aggregateTo: "view" },
  ),
  "system:auth-delegator": role([
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "subjectaccessreviews"),
  ]),
  "system:basic-user": role([
    rule("create", "authorization.k8s.io", "selfsubjectaccessreviews selfsubjectrulesreviews"),
    rule("create", "authentication.k8s.io", "selfsubjectreviews"),
  ]),
  "system:certificates.k8s.io:certificatesigningrequests:nodeclient": role([
    rule("create", "certificates.k8s.io", "certificatesigningrequests/nodeclient"),
  ]),
  "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient": role([
    rule("create", "certificates.k8s.io", "certificatesigningrequests/selfnodeclient"),
  ]),
  "system:certificates.k8s.io:kube-apiserver-client-approver": role([
    rule("approve", "certificates.k8s.io", "signers", "kubernetes.io/kube-apiserver-client"),
  ]),
  "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver": role([
    rule("approve", "certificates.k8s.io", "signers", "kubernetes.io/kube-apiserver-client-kubelet"),
  ]),
  "system:certificates.k8s.io:kubelet-serving-approver": role([
    rule("approve", "certificates.k8s.io", "signers", "kubernetes.io/kubelet-serving"),
  ]),
  "system:certificates.k8s.io:legacy-unknown-approver": role([
    rule("approve", "certificates.k8s.io", "signers", "kubernetes.io/legacy-unknown"),
  ]),
  "system:discovery": role([
    paths("get", "/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/"),
  ]),
  "system:heapster": role([
    rule(read, core, "events namespaces nodes pods"),
    rule(read, "extensions", "deployments"),
  ]),
  "system:kube-aggregator": role([rule(read, core, "endpoints services")]),
  "system:kube-controller-manager": role([
    recordEvents,
    rule("create", "coordination.k8s.io", "leases"),
    rule("get update", "coordination.k8s.io", "leases", "kube-controller-manager"),
    rule("create", core, "secrets serviceaccounts"),
    rule("delete", core, "secrets"),
    rule("get", core, "configmaps namespaces secrets serviceaccounts"),
    rule("update", core, "secrets serviceaccounts"),
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "subjectaccessreviews"),
    rule("list watch", "*", "*"),
    rule("create", core, "serviceaccounts/token"),
  ]),
  "system:kube-dns": role([rule("list watch", core, "endpoints services")]),
  "system:kube-scheduler": role([
    recordEvents,
    rule("create", "coordination.k8s.io", "leases"),
    rule("get list update watch", "coordination.k8s.io", "leases", "kube-scheduler"),
    rule(readWrite, "coordination.k8s.io", "leasecandidates"),
    rule(read, core, "nodes"),
    rule("delete get list watch", core, "pods"),
    rule("create", core, "bindings pods/binding"),
    rule("patch update", core, "pods/status"),
    rule(read, core, "replicationcontrollers services"),
    rule(read, "apps extensions", "replicasets"),
    rule(read, "apps", "statefulsets"),
    rule(read, "policy", "poddisruptionbudgets"),
    rule(read, core, "persistentvolumeclaims persistentvolumes"),
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "subjectaccessreviews"),
    rule(read, "storage.k8s.io", "csinodes"),
    rule(read, "storage.k8s.io", "volumeattachments"),
    rule(read, core, "namespaces"),
    rule(read, "storage.k8s.io", "csidrivers"),
    rule(read, "storage.k8s.io", "csistoragecapacities"),
    rule(read, "resource.k8s.io", "deviceclasses"),
    rule("get list patch update watch", "resource.k8s.io", "resourceclaims"),
    rule("get list patch update watch", "resource.k8s.io", "resourceclaims/status"),
    rule("update", core, "pods/finalizers"),
    rule(read, "resource.k8s.io", "resourceslices"),
    rule(read, "resource.k8s.io", "devicetaintrules"),
    rule("create delete", "resource.k8s.io", "resourceclaims"),
    rule("patch update", "resource.k8s.io", "resourceclaims/binding"),
    rule(read, "scheduling.k8s.io", "podgroups"),
    rule("patch update", "scheduling.k8s.io", "podgroups/status"),
  ]),
  "system:kubelet-api-admin": role([
    rule(read, core, "nodes"),
    rule("proxy", core, "nodes"),
    rule("*", core, "nodes/log nodes/metrics nodes/proxy nodes/stats"),
    rule("*", core, "nodes/configz nodes/healthz nodes/pods"),
  ]),
  "system:monitoring": role([
    paths(
      "get",
      "/flagz /healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/* /statusz",
    ),
    rule("get", core, "nodes/metrics"),
  ]),
  "system:node": role([
    rule("create", "authentication.k8s.io", "tokenreviews"),
    rule("create", "authorization.k8s.io", "localsubjectaccessreviews subjectaccessreviews"),
    rule(read, core, "services"),
    rule("create get list watch", core, "nodes"),
    rule("patch update", core, "nodes/status"),
    rule("patch update", core, "nodes"),
    recordEvents,
    rule(read, core, "pods"),
    rule("create delete", core, "pods"),
    rule("patch update", core, "pods/status"),
    rule("create", core, "pods/eviction"),
    rule(read, core, "configmaps secrets"),
    rule("get", core, "persistentvolumeclaims persistentvolumes"),
    rule("get", core, "endpoints"),
    rule("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),
    rule("create delete get patch update", "coordination.k8s.io", "leases"),
    rule("get", "storage.k8s.io", "volumeattachments"),
    rule("create", core, "serviceaccounts/token"),
    rule("get patch update", core, "persistentvolumeclaims/status"),
    rule(read, "storage.k8s.io", "csidrivers"),
    rule("create delete get patch update", "storage.k8s.io", "csinodes"),
    rule(read, "node.k8s.io", "runtimeclasses"),
    rule("get", "resource.k8s.io", "resourceclaims"),
    rule("deletecollection", "resource.k8s.io", "resourceslices"),
    rule("get", core, "serviceaccounts"),
    rule(read, "certificates.k8s.io", "clustertrustbundles"),
    rule("create get list watch", "certificates.k8s.io", "podcertificaterequests"),
  ]),
  "system:node-bootstrapper": role([
    rule("create get list watch", "certificates.k8s.io", "certificatesigningrequests"),
  ]),
  "system:node-problem-detector": role([
    rule("get", core, "nodes"),
    rule("patch", core, "nodes/status"),
    recordEvents,
  ]),
  "system:node-proxier": role([
    rule("list watch", core, "endpoints services"),
    rule(read, core, "nodes"),
    recordEvents,
    rule("list watch", "networking.k8s.io", "servicecidrs"),
    rule("list watch", "discovery.k8s.io", "endpointslices"),
  ]),
  "system:persistent-volume-provisioner": role([
    rule("create delete get list watch", core, "persistentvolumes"),
    rule("get list update watch", core, "persistentvolumeclaims"),
    rule(read, "storage.k8s.io", "storageclasses"),
    rule("watch", core, "events"),
    recordEvents,
  ]),
  "system:public-info-viewer": role([paths("get", "/healthz /livez /readyz /version /version/")]),
  "system:service-account-issuer-discovery": role([
    paths(
      "get",
      "/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks " +
        "/openid/v1/jwks/",
    ),
  ]),
  "system:volume-scheduler": role([
    rule("get list patch update watch", core, "persistentvolumes"),
    rule(read, "storage.k8s.io", "storageclasses"),
    rule("get list patch update watch", core, "persistentvolumeclaims"),
  ]),
  view: role([], { aggregateTo: "edit", aggregates: "view" }),
}
