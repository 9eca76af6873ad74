import type { Library } from "./shared_libraries.ts";

/** What the control file of a package says of it; see deb-control(5). */
export interface ControlFields {
  readonly version: string;
  /** Debian's name of it, such as amd64. */
  readonly architecture: string;
  /** `Name <address>`. */
  readonly maintainer: string;
  /** Disk space in KiB. */
  readonly installedSize: number;
  /** What the executable is linked with. */
  readonly libraries: readonly Library[];
}

/** Name of the package. */
export const PACKAGE = "openport-exporter";

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

const DESCRIPTION = `Prometheus exporter of open ports, found with nmap
 Scans addresses with nmap at an interval or on request, and says which ports
 are open, and which opened or closed, as metrics for Prometheus.
 .
 The configuration that comes with the package scans and listens on the
 loopback interface only.`;

/**
 * Debian's name of an architecture that Deno runs on.
 * @throws {RangeError} if there is none.
 */
export function debianArchitecture(architecture: string): string {
  const name = ARCHITECTURES[architecture];
  if (name === undefined) {
    throw new RangeError(
      `Cannot make a package for ${architecture} (${Object.keys(ARCHITECTURES).join(", ")})`,
    );
  }
  return name;
}

/**
 * Debian's spelling of a semantic version: pre-releases sort before the release, by a tilde.
 * @throws {RangeError} if dpkg would refuse it.
 */
export function debianVersion(version: string): string {
  const text = version.replace("-", "~");
  if (!/^\d+\.\d+\.\d+([~+.][A-Za-z0-9.+~]+)?$/.test(text)) {
    throw new RangeError(
      `Cannot make a package of version "${version}" (such as 1.2.3, 1.2.3-rc.1)`,
    );
  }
  return text;
}

/** The control file of the package. */
export function controlFile(fields: ControlFields): string {
  const libraries = fields.libraries.map(({ name, version }) =>
    version === undefined ? name : `${name} (>= ${version})`
  );
  return `Package: ${PACKAGE}
Version: ${fields.version}
Architecture: ${fields.architecture}
Maintainer: ${fields.maintainer}
Installed-Size: ${fields.installedSize}
Depends: ${["nmap", "passwd", ...libraries].join(", ")}
Suggests: prometheus
Section: net
Priority: optional
Description: ${DESCRIPTION}
`;
}
