/** Writes a code point that is no surrogate as UTF-8 at `at`, where `into` has four bytes of room; returns where it ends. */
export function putUtf8(code: number, into: Uint8Array, at: number): number {
  if (code < 0x80) into[at++] = code;
  else if (code < 0x800) {
    into[at++] = 0xc0 | (code >> 6);
    into[at++] = 0x80 | (code & 63);
  } else if (code < 0x10000) {
    into[at++] = 0xe0 | (code >> 12);
    into[at++] = 0x80 | ((code >> 6) & 63);
    into[at++] = 0x80 | (code & 63);
  } else {
    into[at++] = 0xf0 | (code >> 18);
    into[at++] = 0x80 | ((code >> 12) & 63);
    into[at++] = 0x80 | ((code >> 6) & 63);
    into[at++] = 0x80 | (code & 63);
  }
  return at;
}
