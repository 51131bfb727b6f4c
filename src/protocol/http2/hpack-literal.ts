/**
 * Writes one field in HPACK without tables and without the Huffman code: a literal without indexing, with a new name. It
 * does not change the decoder's table, so it may be appended to any field block. RFC 7541 §5 and §6.2.2. Pure.
 */

/** The field `name: value`. The name must be in lower case (RFC 9113 §8.2.1). */
export function literalField(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(0), stringLiteral(name), stringLiteral(value)])
}

function stringLiteral(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([integer(bytes.length), bytes])
}

/** An integer with a prefix of 7 bits; the eighth bit is 0 (RFC 7541 §5.1). */
function integer(value: number): Buffer {
  const most = 0x7f
  if (value < most) return Buffer.of(value)
  const bytes = [most]
  let rest = value - most
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
