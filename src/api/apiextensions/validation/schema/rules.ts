import type { FieldError } from "../../../../apimachinery/field-error.ts"
import type { FieldPath } from "../../../../apimachinery/field-path.ts"
import type { JSONSchemaProps } from "../../v1/json-schema-props.ts"

/** Whether the expressions of x-kubernetes-validations compile, and whether they may cost too much. */
export class RuleChecker {
  check(_schema: JSONSchemaProps, _path: FieldPath, _uncorrelatable: FieldPath | undefined): FieldError[] {
    return []
  }
}
