/**
 * Replaces `$(NAME)` by the value of a variable. `$$` stands for a dollar sign, so that `$$(NAME)` is the text "$(NAME)";
 * names that are not known stay as they are written, and so does a reference that is never closed.
 * (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/)
 *
 * @example
 * expandVariables("http://$(HOST):$(PORT)/$$(X)", { HOST: "db" }) // "http://db:$(PORT)/$(X)"
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (whole, _, name: string | undefined) => {
    if (name === undefined) return "$"
    return Object.hasOwn(variables, name) ? variables[name]! : whole
  })
}

/** The names that `text` refers to and `variables` does not have. */
export function missingVariables(
  text: string,
  variables: Readonly<Record<string, string>>,
): readonly string[] {
  const names = [...text.matchAll(/\$(\$|\(([^)]*)\))/g)].map((match) => match[2])
  return names.filter((name): name is string => name !== undefined && !Object.hasOwn(variables, name))
}
