/** What upstream calls the queues of controllers in its metrics, where that is not the controller's name. */
const names: Readonly<Record<string, string>> = {
  "certificatesigningrequest-approving-controller": "certificate",
  "certificatesigningrequest-signing-controller": "certificate-signing",
  "clusterrole-aggregation-controller": "ClusterRoleAggregator",
  "bootstrap-signer-controller": "bootstrap_signer_queue",
  "endpoints-controller": "endpoint",
  "endpointslice-controller": "endpoint_slice",
  "endpointslice-mirroring-controller": "endpoint_slice_mirroring",
  "ephemeral-volume-controller": "ephemeral_volume",
  "garbage-collector-controller": "garbage_collector_attempt_to_delete",
  "horizontal-pod-autoscaler-controller": "horizontalpodautoscaler",
  "node-lifecycle-controller": "node_lifecycle_controller",
  "persistentvolume-binder-controller": "claims",
  "persistentvolume-expander-controller": "volume_expand",
  "persistentvolume-protection-controller": "pvprotection",
  "persistentvolumeclaim-protection-controller": "pvcprotection",
  "podgroup-protection-controller": "podgroupprotection",
  "replicationcontroller-controller": "replicationmanager",
  "resourceclaim-controller": "resource_claim",
  "resourcequota-controller": "resourcequota_primary",
  "root-ca-certificate-publisher-controller": "root_ca_cert_publisher",
  "token-cleaner-controller": "token_cleaner",
  "ttl-after-finished-controller": "ttl_jobs_to_delete",
  "ttl-controller": "ttlcontroller",
  "volumeattributesclass-protection-controller": "vacprotection",
}

/** "deployment" for "deployment-controller". */
export function queueName(controllerName: string): string {
  return names[controllerName] ?? controllerName.replace(/-controller$/, "")
}
