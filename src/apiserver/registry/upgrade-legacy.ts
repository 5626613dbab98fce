import type { KubeObject } from "../../apimachinery/meta.ts"

/**
 * CustomResourceDefinitions lie in a real cluster's etcd in a version that is not served any more, v1beta1, because it is
 * the more compact one (https://github.com/kubernetes/kubernetes/issues/82292). Gives such a value as v1; others as they are.
 */
export function upgradeLegacy(value: Partial<KubeObject>): Partial<KubeObject> {
  if (value.apiVersion !== "apiextensions.k8s.io/v1beta1" || value.kind !== "CustomResourceDefinition")
    return value
  const { spec, ...rest } = value as unknown as { spec: LegacySpec }
  return { ...rest, apiVersion: "apiextensions.k8s.io/v1", spec: upgradeSpec(spec) } as Partial<KubeObject>
}

type Fields = Readonly<Record<string, unknown>>

/** What in v1 stands in each version may stand here once for all of them. */
interface LegacySpec {
  readonly version?: string
  readonly versions?: readonly Fields[]
  readonly validation?: Fields
  readonly subresources?: Fields
  readonly additionalPrinterColumns?: readonly Fields[]
  readonly selectableFields?: readonly Fields[]
  readonly conversion?: Fields
}

function upgradeSpec(spec: LegacySpec): Fields {
  const {
    version,
    versions,
    validation,
    subresources,
    additionalPrinterColumns,
    selectableFields,
    conversion,
    ...rest
  } = spec
  const shared = {
    ...(validation && { schema: validation }),
    ...(subresources && { subresources }),
    ...(selectableFields && { selectableFields }),
  }
  const all = versions ?? [{ name: version, served: true, storage: true }]
  return {
    ...rest,
    versions: all.map((each) => ({
      ...shared,
      ...each,
      ...upgradeColumns(
        (each["additionalPrinterColumns"] as Fields[] | undefined) ?? additionalPrinterColumns,
      ),
    })),
    ...(conversion && { conversion: upgradeConversion(conversion) }),
  }
}

function upgradeColumns(columns: readonly Fields[] | undefined): Fields {
  if (!columns) return {}
  return {
    additionalPrinterColumns: columns.map(({ JSONPath, ...column }) => ({ ...column, jsonPath: JSONPath })),
  }
}

function upgradeConversion({ strategy, webhookClientConfig, conversionReviewVersions }: Fields): Fields {
  if (!webhookClientConfig) return { strategy }
  return { strategy, webhook: { clientConfig: webhookClientConfig, conversionReviewVersions } }
}
