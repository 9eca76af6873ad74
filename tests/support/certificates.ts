import { join } from "node:path";

/** What a certificate is for. */
export interface CertificateOptions {
  /** As openssl writes subject alternative names: `DNS:a.example`, `IP:127.0.0.1`. */
  readonly names?: readonly string[];
  /** Days from now until it expires, negative when it has already; 30 by default. */
  readonly days?: number;
}

/** PEM of a certificate and its key. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority in a directory of its own, made with `openssl`. */
export class Authority {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Makes an authority; `directory` has to be empty, and holds `ca.crt` afterwards. */
  static async make(directory: string): Promise<Authority> {
    const authority = new Authority(directory);
    await authority.#openssl(
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=test authority"],
    );
    await Deno.writeTextFile(join(directory, "index"), "");
    await Deno.writeTextFile(
      join(directory, "ca.cnf"),
      "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n" +
        "rand_serial=yes\nunique_subject=no\n[p]\ncommonName=supplied\n",
    );
    return authority;
  }

  /** Path of the authority's own certificate. */
  get caFile(): string {
    return join(this.#directory, "ca.crt");
  }

  /** Issues a certificate, for 127.0.0.1 and localhost unless told otherwise. */
  async issue(name: string, options: CertificateOptions = {}): Promise<Pair> {
    const { names = ["IP:127.0.0.1", "DNS:localhost"], days = 30 } = options;
    const files = { key: `${name}.key`, request: `${name}.csr`, cert: `${name}.crt` };
    const DAY = 86_400_000;
    const end = Date.now() + days * DAY;
    const text = (time: number) =>
      new Date(time).toISOString().replace(/[-:T]/g, "").replace(/\..*/, "Z");
    await this.#openssl(
      ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-keyout", files.key, "-out", files.request, "-subj", `/CN=${name}`],
    );
    await Deno.writeTextFile(
      join(this.#directory, "ext.cnf"),
      names.length === 0 ? "" : `subjectAltName=${names.join(",")}\n`,
    );
    await this.#openssl(
      ...["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.crt", "-keyfile", "ca.key"],
      ...["-in", files.request, "-out", files.cert, "-extfile", "ext.cnf"],
      ...["-startdate", text(Math.min(Date.now(), end) - DAY), "-enddate", text(end)],
    );
    const read = (file: string) => Deno.readTextFile(join(this.#directory, file));
    return { cert: await read(files.cert), key: await read(files.key) };
  }

  async #openssl(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await new Deno.Command("openssl", {
      args: [...args],
      cwd: this.#directory,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output().catch((cause) => {
      throw new Error("Cannot run openssl: install the package openssl", { cause });
    });
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  }
}
