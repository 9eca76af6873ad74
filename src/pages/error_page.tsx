import { escapeControls } from "../text/escape_controls.ts";
import { type Frame, pageText } from "./layout.tsx";

/** A page that says why there is none; `message` is for a person. */
export function errorPage(
  frame: Frame,
  { title, message, now }: { title: string; message: string; now: number },
): string {
  return pageText(frame, {
    title,
    now,
    content: (
      <div class="error wide">
        <h1>{title}</h1>
        <p>{escapeControls(message)}</p>
        <p>
          <a href="/">Go to the status page</a>
        </p>
      </div>
    ),
  });
}
