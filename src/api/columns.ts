import { formatAge } from "../apimachinery/human-duration.ts"
import { formatLabelSelector, type LabelSelectorObject, selectorFromObject } from "../apimachinery/labels.ts"
import type { KubeObject } from "../apimachinery/meta.ts"
import type { Column, FieldText } from "../apimachinery/resource.ts"

// What the tables of many kinds have in common. Names, types and cell texts are what `kubectl get` shows of a real cluster.

type Cell<T> = Column<T>["cell"]
type Text = string | FieldText

/** The column says of itself what the API says of a field: `textOf("core.v1.PodSpec", "nodeName")`. */
export function textOf(definition: string, field: string): FieldText {
  return { definition, field }
}

/** A column of text that is always shown. */
export function column<T>(name: string, description: Text, cell: Cell<T>): Column<T> {
  return { name, type: "string", description, cell }
}

/** A column of text that only `-o wide` shows. */
export function wideColumn<T>(name: string, description: Text, cell: Cell<T>): Column<T> {
  return { name, type: "string", description, priority: 1, cell }
}

export function integerColumn<T>(name: string, description: Text, cell: Cell<T>): Column<T> {
  return { name, type: "integer", description, cell }
}

export function booleanColumn<T>(name: string, description: Text, cell: Cell<T>): Column<T> {
  return { name, type: "boolean", description, cell }
}

export const nameColumn: Column<KubeObject> = {
  name: "Name",
  type: "string",
  format: "name",
  description: textOf("meta.v1.ObjectMeta", "name"),
  cell: (object) => object.metadata.name,
}

const creationText = textOf("meta.v1.ObjectMeta", "creationTimestamp")

export const ageColumn: Column<KubeObject> = column("Age", creationText, (object, now) =>
  formatAge(object.metadata.creationTimestamp, now),
)

/** What kinds without columns of their own show. */
export const defaultColumns: readonly Column<KubeObject>[] = [
  nameColumn,
  {
    name: "Created At",
    type: "date",
    description: creationText,
    cell: (object) => object.metadata.creationTimestamp,
  },
]

interface Named {
  readonly name: string
  readonly image?: string | undefined
}

export const containersText = "Names of each container in the template."
export const imagesText = "Images referenced by each container in the template."
export const jobSelectorText =
  "A label query over pods that should match the pod count. Normally, the system sets this field for you. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors"

export function formatContainerNames(containers: readonly Named[] | undefined): string {
  return (containers ?? []).map((container) => container.name).join(",")
}

export function formatContainerImages(containers: readonly Named[] | undefined): string {
  return (containers ?? []).map((container) => container.image ?? "").join(",")
}

/** "a=1,b=2", or "<none>". */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return orNone(pairs.sort().join(","))
}

/** As text, or "<none>" if it selects all or nothing. */
export function formatSelector(selector: LabelSelectorObject | undefined): string {
  try {
    return orNone(formatLabelSelector(selectorFromObject(selector)))
  } catch {
    return "<error>"
  }
}

export function orNone(text: string | undefined): string {
  return text || "<none>"
}

export function orUnset(text: string | undefined): string {
  return text || "<unset>"
}

/** The first few, and how many there are beside them. */
export function formatWithMore(texts: readonly string[], most = 3): string {
  const shown = texts.slice(0, most).join(",")
  return texts.length > most ? `${shown} + ${texts.length - most} more...` : shown
}
