import type { Child } from "@hono/hono/jsx";

/** One number with its name. */
export function Tile({ name, value, alarming = false, children }: {
  name: string;
  value: Child;
  alarming?: boolean;
  children?: Child;
}) {
  return (
    <div class={alarming ? "tile alarming" : "tile"}>
      <dt>{name}</dt>
      <dd>
        <span class="value">{value}</span>
        {children !== undefined && <span class="note">{children}</span>}
      </dd>
    </div>
  );
}
