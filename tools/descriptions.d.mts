export function writeDescriptions(path: string): Promise<void>
export function readModel(source: string): Record<string, Record<string, string>>
