/** A host and port: RFC 9112, section 3.2, wants anything else refused. */
const HOST = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

/**
 * Whether a header field Host names a host and nothing more: the runtime puts it into the address of a
 * request as it is, where a slash would move the path.
 */
export function isHost(text: string): boolean {
  return HOST.test(text);
}
