import { always, type Infer, message, string } from "../../../apimachinery/schema.ts"

export const GroupResource = message("io.k8s.apimachinery.pkg.apis.meta.v1.GroupResource", {
  group: always(1, string, { required: true }),
  resource: always(2, string, { required: true }),
})
export interface GroupResource extends Infer<typeof GroupResource> {}
