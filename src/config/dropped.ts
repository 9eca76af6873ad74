import { YamlScalar, type YamlValue } from "./yaml_value.ts";

/** Way from the root of a file to one of its values. */
export type Path = readonly PropertyKey[];

type Branches = Map<PropertyKey, Branches | "dropped">;

/**
 * What of a file is wrong: left out, the rest can be looked at further, so that one run reports
 * everything.
 */
export class DroppedValues {
  #root: Branches | "dropped" = new Map();

  /** Whether nothing is left. */
  get all(): boolean {
    return this.#root === "dropped";
  }

  /** Drops what is at each of `paths` in `root`, or what is nearest above it and was not dropped before. */
  add(paths: readonly Path[], root: YamlValue): void {
    for (const path of paths.map((path) => this.#nearest(path, root))) this.#drop(path);
  }

  #nearest(path: Path, root: YamlValue): Path {
    let value: YamlValue | undefined = root;
    let branches: Branches | "dropped" | undefined = this.#root;
    for (const [depth, step] of path.entries()) {
      value = childOf(value, step);
      branches = branches instanceof Map ? branches.get(step) : undefined;
      if (value === undefined || branches === "dropped") return path.slice(0, depth);
    }
    return path;
  }

  #drop(path: Path): void {
    if (path.length === 0) this.#root = "dropped";
    let branches = this.#root;
    for (const [depth, step] of path.entries()) {
      if (branches === "dropped") return;
      const inner: Branches | "dropped" = branches.get(step) ?? new Map();
      branches.set(step, depth === path.length - 1 ? "dropped" : inner);
      branches = inner;
    }
  }

  /** Whether the value at `path`, or one around it, was dropped. */
  has(path: Path): boolean {
    let branches: Branches | "dropped" | undefined = this.#root;
    for (const step of path) {
      if (!(branches instanceof Map)) break;
      branches = branches.get(step);
    }
    return branches === "dropped";
  }

  /** What is left of `root`; dropped items of lists are undefined, so that the others keep their places. */
  without(root: YamlValue): unknown {
    return leave(root, this.#root);
  }
}

function childOf(value: YamlValue | undefined, step: PropertyKey): YamlValue | undefined {
  if (value === undefined || value instanceof YamlScalar) return undefined;
  return (value as Record<PropertyKey, YamlValue>)[step];
}

function leave(value: YamlValue, branches: Branches | "dropped" | undefined): unknown {
  if (branches === "dropped") return undefined;
  if (branches === undefined || branches.size === 0 || value instanceof YamlScalar) return value;
  if (Array.isArray(value)) {
    return value.map((item, index) => leave(item, branches.get(index)));
  }
  const left: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of Object.entries(value)) {
    if (branches.get(key) !== "dropped") left[key] = leave(inner, branches.get(key));
  }
  return left;
}
