/// <reference lib="webworker" />
import { compareSync } from "bcryptjs";

// The one place where bcrypt is computed: it takes a tenth of a second, which nobody else has to wait for.
self.onmessage = ({ data }: MessageEvent<{ password: string; hash: string }>) => {
  self.postMessage(compareSync(data.password, data.hash));
};
