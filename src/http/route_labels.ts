/**
 * Makes a function that names the route of a request's path, for the request counter: the path
 * itself, a pattern such as `/v1/hosts/{ip}` for `/v1/hosts/:ip`, or `other`. A client cannot make
 * more names than there are routes.
 */
export function routeLabels(routes: readonly string[]): (path: string) => string {
  const patterns = routes.filter((route) => route.includes("/:")).map((route) => ({
    label: route.replace(/:(\w+)/g, "{$1}"),
    matcher: new RegExp(`^${route.replace(/:\w+/g, "[^/]+")}$`),
  }));
  const fixed = new Set(routes.filter((route) => !route.includes("/:")));
  return function labelOf(path) {
    // The router takes the first that fits, and its table has what is fixed before what varies.
    if (fixed.has(path)) return path;
    return patterns.find(({ matcher }) => matcher.test(path))?.label ?? "other";
  };
}
