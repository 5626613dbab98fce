import { compileCel, type CelProgram } from "../../../apimachinery/cel/compile.ts"
import { dynType, stringType } from "../../../apimachinery/cel/types/cel-type.ts"
import type { Device } from "../../../api/resource/v1/resource-slice.ts"

/** A device and where it comes from. */
export interface OfferedDevice {
  readonly driver: string
  readonly pool: string
  readonly device: Device
}

type Selectors = readonly { readonly cel?: { readonly expression: string } | undefined }[]

const programs = new Map<string, CelProgram | string>()
const environment = { variables: { device: dynType } }
const ofQuantity = constructor("quantity")
const ofVersion = constructor("semver")

/**
 * Whether a device is what all expressions ask for. Throws when one fails, on an attribute that is not there say: whoever wrote it
 * should know. `owner`: whose expressions they are, "class gpu".
 */
export function matchesSelectors(
  offered: OfferedDevice,
  selectors: Selectors | undefined,
  owner: string,
): boolean {
  return (selectors ?? []).every(({ cel }, index) => {
    const program = cel && programOf(cel.expression)
    if (!program || typeof program === "string") return false
    const result = program.evaluate({ device: describe(offered) })
    if (!result.ok) throw new Error(`${owner}: selector #${index}: CEL runtime error: ${result.message}`)
    return result.value === true
  })
}

function programOf(expression: string): CelProgram | string {
  const known = programs.get(expression)
  if (known !== undefined) return known
  const compiled = compileCel(expression, environment)
  const program = compiled.ok ? compiled.program : compiled.message
  programs.set(expression, program)
  return program
}

const descriptions = new WeakMap<Device, object>()

/** As expressions see it: attributes and capacities by domain; names without one are in the driver's. */
function describe({ driver, device }: OfferedDevice): object {
  const known = descriptions.get(device)
  if (known) return known
  const description = {
    driver,
    attributes: byDomain(driver, device.attributes ?? {}, valueOf),
    capacity: byDomain(driver, device.capacity ?? {}, ({ value }) => ofQuantity(String(value))),
    allowMultipleAllocations: device.allowMultipleAllocations ?? false,
  }
  descriptions.set(device, description)
  return description
}

function byDomain<T>(
  driver: string,
  values: Readonly<Record<string, T>>,
  convert: (value: T) => unknown,
): object {
  const domains: Record<string, Record<string, unknown>> = { [driver]: {} }
  for (const [name, value] of Object.entries(values)) {
    const [domain, id] = name.includes("/") ? name.split("/") : [driver, name]
    domains[domain!] = { ...domains[domain!], [id!]: convert(value) }
  }
  return domains
}

type Attribute = NonNullable<Device["attributes"]>[string]

function valueOf({ int, bool, string, version, ints, bools, strings, versions }: Attribute): unknown {
  if (int !== undefined) return BigInt(int)
  return (
    bool ?? string ?? (version === undefined ? (ints ?? bools ?? strings ?? versions) : ofVersion(version))
  )
}

/** An attribute's value as text, for constraints; undefined when the device has none of that name. */
export function attributeText({ driver, device }: OfferedDevice, name: string): string | undefined {
  const [domain, id] = name.split("/")
  const attribute = device.attributes?.[name] ?? (domain === driver ? device.attributes?.[id!] : undefined)
  return attribute && JSON.stringify(attribute)
}

/** Values of these types are made by functions of the language alone. */
function constructor(name: "quantity" | "semver"): (text: string) => unknown {
  const compiled = compileCel(`${name}(text)`, { variables: { text: stringType } })
  return (text) => {
    const result = compiled.ok ? compiled.program.evaluate({ text }) : undefined
    return result?.ok ? result.value : text
  }
}
