import { fileURLToPath } from "node:url";

/** Folder of the checkout, with a slash at its end; it may have blanks. */
export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
