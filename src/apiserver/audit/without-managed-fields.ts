/** The object, or list of objects, without who owns which field: often more bytes than all the rest. Changes it in place. */
export function withoutManagedFields(value: unknown): unknown {
  const { items } = (value ?? {}) as { items?: unknown }
  for (const object of Array.isArray(items) ? items : [value]) {
    const { metadata } = (object ?? {}) as { metadata?: { managedFields?: unknown } }
    if (metadata) delete metadata.managedFields
  }
  return value
}
