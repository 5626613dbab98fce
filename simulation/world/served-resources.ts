import { builtInResources } from "../../src/api/index.ts"

/** What something in a world reads or writes; a server of these alone starts in a fraction of the time. */
const plurals = new Set([
  "namespaces",
  "nodes",
  "pods",
  "services",
  "events",
  "replicationcontrollers",
  "persistentvolumes",
  "persistentvolumeclaims",
  "deployments",
  "replicasets",
  "statefulsets",
  "daemonsets",
  "controllerrevisions",
  "jobs",
  "cronjobs",
  "endpointslices",
  "leases",
  "poddisruptionbudgets",
  // The scheduler's plugins ask for these.
  "storageclasses",
  "csinodes",
  "csidrivers",
  "csistoragecapacities",
  "volumeattachments",
  "podgroups",
  "resourceclaims",
  "resourceslices",
  "deviceclasses",
  "devicetaintrules",
  // Every server makes some of these when it starts.
  "priorityclasses",
  "flowschemas",
  "prioritylevelconfigurations",
  "servicecidrs",
  "ipaddresses",
  "endpoints",
  "customresourcedefinitions",
  "apiservices",
])

export const servedResources = builtInResources.filter(({ plural }) => plurals.has(plural))
