import { NMAP_CANDIDATES } from "../nmap/process.ts";

/** What the program may do now, for the log: each permission with what is granted of it. */
export async function heldPermissions(): Promise<Record<string, string>> {
  const run: string[] = [];
  for (const command of NMAP_CANDIDATES) {
    if (await isGranted({ name: "run", command })) run.push(command);
  }
  const held: Record<string, string> = { run: run.join(",") || "none" };
  for (const name of ["net", "read", "write", "env", "sys", "ffi"] as const) {
    held[name] = await isGranted({ name }) ? "all" : "none";
  }
  if (held["env"] === "none" && await isGranted({ name: "env", variable: "PATH" })) {
    held["env"] = "PATH and what dependencies look at";
  }
  return held;
}

async function isGranted(descriptor: Deno.PermissionDescriptor): Promise<boolean> {
  return (await Deno.permissions.query(descriptor)).state === "granted";
}
