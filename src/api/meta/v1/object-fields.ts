import { ObjectMeta } from "../../../apimachinery/meta.ts"
import { string, type TypedField } from "../../../apimachinery/schema.ts"

/** In protobuf they travel in the envelope around the object, so they have no number. */
const typeField: TypedField<string, true> = { schema: string, presence: "implicit" }

/** For kinds that are no objects: the options of subresources. */
export const typeFields = { kind: typeField, apiVersion: typeField }

/** What every object starts with. The type is that of objects from the server, which have a name and a uid. */
export const objectFields = {
  ...typeFields,
  metadata: { number: 1, schema: ObjectMeta, presence: "always" } as TypedField<ObjectMeta, true>,
}
